module tsls/test/bogo/launcher

go 1.21
