package newest

// What only tests and layers of the root module import, so that the workspace
// tests it with the newest of these too.
import (
	_ "github.com/XSAM/otelsql"
	_ "github.com/google/uuid"
	_ "github.com/gorilla/mux"
	_ "github.com/gorilla/websocket"
	_ "github.com/jmoiron/sqlx"
)
