package config

import (
	"io/fs"
	"os"
)

// keepOwner has nothing to do: a new file inherits the rights of its folder.
func keepOwner(*os.File, fs.FileInfo) {}

func giveTo(string, fs.FileInfo) {}
