package gen

import "context"

// Command is the command line of "sonde gen", as cli.WithCommand takes it.
type Command struct {
	Patterns []string `arg:"" optional:"" name:"package" help:"Packages, as those of the go command. If not given: the one here."`

	Type   []string `placeholder:"TYPE" help:"Type to wrap, or several with commas between them, instead of those that have a directive. A type of another package has its path: database/sql.DB."`
	Output string   `short:"o" placeholder:"FILE" help:"File to write. If not given: repo_traced.go beside repo.go."`
	Tags   string   `placeholder:"TAGS" help:"Build tags, with commas between them."`

	Name         string `help:"Name of the points of all methods. If not given: the type's in lower case, order_repo for OrderRepo."`
	As           string `placeholder:"TYPE" help:"Name of the type that is written. If not given: RepoTraced for Repo."`
	HideArgs     bool   `help:"Do not record arguments."`
	HideResult   bool   `default:"true" negatable:"" help:"Do not record results, which is the default."`
	TracePrivate bool   `help:"Trace methods that are not exported too."`
}

// Help is what "sonde gen --help" teaches.
func (Command) Help() string {
	return `For an interface Repo, or a struct, the command writes a type RepoTraced. It holds a Repo, each of its methods that takes a context.Context is a point with its arguments, and everything else is the Repo's own:

  repo := NewRepoTraced(newRepo(db))

A call whose context carries no trace costs a check. There are two ways to ask for it. Name the type where go generate reads it:

  //go:generate sonde gen -type Repo -o repo_traced.go

Or declare it above the type, and run "sonde gen ./..." for all types that have a directive:

  //sonde:trace name=rpc hide_args
  type Repo interface { … }

A directive may have name=NAME, as=TYPE, hide_args, hide_result=false and trace_private, which mean what the flags mean. A type with a build constraint is found on the systems that have it (GOOS=windows sonde gen ./...).

Commit what is written, and let CI see that it is current: go generate ./... && git diff --exit-code`
}

// Run is the command.
func (c Command) Run(ctx context.Context) error {
	return Run(ctx, Config{
		Patterns: c.Patterns, Tags: c.Tags, Types: c.Type, Output: c.Output,
		Options: Options{Name: c.Name, As: c.As, HideArgs: c.HideArgs, ShowResult: !c.HideResult, Private: c.TracePrivate},
	})
}
