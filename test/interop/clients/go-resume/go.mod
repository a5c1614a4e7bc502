module tsls.test/resume

go 1.19
