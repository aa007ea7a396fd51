import DLockCommands

DLock.runAndExit()
