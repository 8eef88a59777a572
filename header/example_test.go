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
