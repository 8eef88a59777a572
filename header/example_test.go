package header_test

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/sonde-go/sonde/header"
)

func ExampleFromUUID() {
	request := uuid.MustParse("7bc4d8cd-2292-41a8-9260-f1161e3c4313") // that the service has anyway
	id, ok := header.FromUUID(request)
	fmt.Println(id, ok)

	back, ok := id.UUID()
	fmt.Println(uuid.UUID(back) == request, ok)
	// Output:
	// 7bc4d8cd-2292-41a8-9260-f1161e3c4313 true
	// true true
}

// A service keeps one trace of ten, and says so in its base ids. One behind it that
// can bear only one of a hundred keeps some of those, and always the ones that any
// other service with that rate keeps.
func ExampleID_Sampled() {
	id := header.NewSampledID(0.1)
	if s, ok := id.Sampled(); ok {
		fmt.Printf("one of %.0f, kept at 0.1: %v, at 0: %v\n", 1/s.Rate, s.KeptAt(0.1), s.KeptAt(0))
	}

	asked := header.NewID() // somebody wants this trace: nobody may thin it out
	_, ok := asked.Sampled()
	fmt.Println(ok)
	// Output:
	// one of 10, kept at 0.1: true, at 0: false
	// false
}
