package faults

import (
	"database/sql"
	"encoding/json"
	"strings"
	"testing"

	_ "github.com/sonde-go/sonde/drivers/postgresql"
)

func (s *site) database(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", "postgres"+strings.TrimPrefix(s.store, "postgresql"))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// stored is how many records the store has, and how many without repeats.
func (s *site) stored(t *testing.T) (all, distinct uint64, err error) {
	t.Helper()
	db := s.database(t)
	defer db.Close()
	err = db.QueryRowContext(t.Context(), `SELECT count(*), count(DISTINCT (trace_id, name)) FROM data`).Scan(&all, &distinct)
	return all, distinct, err
}

// told is how many records are lost, as stored records say: of their own traces, and of
// traces that their service could not remember.
func (s *site) told(t *testing.T) (lost, forgotten uint64) {
	t.Helper()
	db := s.database(t)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT DISTINCT trace_id, name, data #>> '{}' FROM data WHERE data::text LIKE '%lost%'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var point, name, text string
		var data struct {
			Info struct {
				Sonde struct {
					Lost    uint64 `json:"lost"`
					Service struct {
						N uint64 `json:"n"`
					} `json:"service_lost"`
				} `json:"sonde"`
			} `json:"info"`
		}
		if err := rows.Scan(&point, &name, &text); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(text), &data); err != nil {
			t.Fatal(err)
		}
		lost, forgotten = lost+data.Info.Sonde.Lost, forgotten+data.Info.Sonde.Service.N
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lost, forgotten
}
