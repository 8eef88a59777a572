package tail

import (
	"reflect"
	"slices"
	"testing"
)

// TestSettings: rules that differ in one thing have one setting that differs, but for what
// a collector may hold.
func TestSettings(t *testing.T) {
	usual := Defaults()
	before := usual.Settings()
	for i := range reflect.TypeFor[Rules]().NumField() {
		other := Defaults()
		name := reflect.TypeFor[Rules]().Field(i).Name
		switch f := reflect.ValueOf(&other).Elem().Field(i); f.Kind() {
		case reflect.Int, reflect.Int64:
			f.SetInt(f.Int() + 1)
		case reflect.Float64:
			f.SetFloat(f.Float() + 0.00001)
		case reflect.Bool:
			f.SetBool(!f.Bool())
		default:
			t.Fatalf("%s is a %v", name, f.Kind())
		}
		var differ []string
		for key, value := range other.Settings() {
			if before[key] != value {
				differ = append(differ, key)
			}
		}
		if want := slices.Contains([]string{"Memory", "Traces"}, name); want != (len(differ) == 0) || len(differ) > 1 {
			t.Errorf("another %s: %q differ", name, differ)
		}
	}
}
