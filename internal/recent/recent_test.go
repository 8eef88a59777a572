package recent

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/sonde-go/sonde/internal/race"
)

// of is how a cache is used; it counts what had to be made.
func of(c *Cache[string], made *int, text string) string {
	hash := Hash(text)
	if v := c.Get(hash, text); v != nil {
		return *v
	}
	*made++
	return *c.Put(hash, text, "value of "+text)
}

func TestFound(t *testing.T) {
	var c Cache[string]
	made := 0
	for range 3 {
		for _, text := range []string{"", "a", "b"} {
			if got := of(&c, &made, text); got != "value of "+text {
				t.Errorf("%q: %q", text, got)
			}
		}
	}
	if made != 3 {
		t.Errorf("made %d times, want 3", made)
	}
}

// TestTextIsCopied: a program may change the memory of a text afterwards, if it has
// made it with unsafe.
func TestTextIsCopied(t *testing.T) {
	var c Cache[string]
	memory := []byte("secret 1")
	text := unsafe.String(&memory[0], len(memory))
	hash := Hash(text)
	c.Put(hash, text, "one")
	memory[7] = '2'
	if v := c.Get(hash, "secret 1"); v == nil || *v != "one" {
		t.Error("the text has changed with the program's memory")
	}
	if c.Get(hash, text) != nil {
		t.Error("another text with the same hash is found")
	}
}

// TestManyTextsThatComeOnce do not drive out those that come often, nor grow the
// cache.
func TestManyTextsThatComeOnce(t *testing.T) {
	var c Cache[string]
	var hot []string
	crowded := map[uint64]int{} // a set has room for four
	for i := 0; len(hot) < 20; i++ {
		text := fmt.Sprintf("SELECT %d", i)
		if set := Hash(text) % sets; crowded[set] < ways-1 {
			crowded[set]++
			hot = append(hot, text)
		}
	}
	made, once := 0, 0
	for round := range 500 {
		for _, text := range hot {
			of(&c, &made, text)
		}
		for i := range 10 {
			of(&c, &once, fmt.Sprintf("INSERT %d, %d", round, i))
		}
	}
	if most := 3 * len(hot); made > most {
		t.Errorf("texts that come often were made %d times, want %d at most", made, most)
	}
}

func TestLongTextsAreNotKept(t *testing.T) {
	var c Cache[string]
	made := 0
	for range 3 {
		of(&c, &made, strings.Repeat("x", MaxText))
		of(&c, &made, strings.Repeat("x", MaxText+1))
	}
	if made != 4 {
		t.Errorf("made %d times, want 4", made)
	}
}

func TestAllocs(t *testing.T) {
	var c Cache[string]
	made := 0
	of(&c, &made, "a")
	if n := race.Allocs(100, func() { of(&c, &made, "a") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestConcurrently(t *testing.T) {
	var c Cache[string]
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			made := 0
			for i := range 5000 {
				text := fmt.Sprint(i % 700)
				if got := of(&c, &made, text); got != "value of "+text {
					t.Errorf("%q: %q", text, got)
				}
			}
		}()
	}
	wg.Wait()
}
