package near

import "testing"

func TestMeant(t *testing.T) {
	known := []string{"name", "hide_args", "hide_result", "trace_private"}
	for name, want := range map[string]string{
		"hide_arg": "; did you mean hide_args?", "hdie_args": "; did you mean hide_args?", "hide_results": "; did you mean hide_result?",
		"nmae": "; did you mean name?", "trace": "", "": "", "x": "",
	} {
		if got := Meant(name, known); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	if got := Meant("at", []string{"as", "it"}); got != "; did you mean as or it?" {
		t.Error(got)
	}
}
