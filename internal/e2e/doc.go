// Package e2e tests the built command: the scripts of testdata/script, real
// terminals and shells, signals, and the command lines of the documentation.
package e2e
