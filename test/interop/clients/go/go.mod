module tsls/interop

go 1.24
