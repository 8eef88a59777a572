package sqlite

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/report"
)

// TestGolden reads the rows that OSProfiler 3.4.3 stored in PostgreSQL and
// compares with the reports that it made of them: testdata/osprofiler.json.
func TestGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/osprofiler.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Rows []struct {
			Timestamp, Name, Data  string
			BaseID                 string `json:"base_id"`
			ParentID               string `json:"parent_id"`
			TraceID                string `json:"trace_id"`
			Project, Host, Service *string
		}
		Reports map[string]string
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}

	path := t.TempDir() + "/golden.db"
	d := openURL(t, "sqlite:///"+path)
	defer d.Close()
	if err := d.Notify(t.Context(), drivertest.Trace(1, 0)); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+escape(path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ids, failed := map[string]bool{}, map[string]bool{}
	for _, r := range golden.Rows {
		if _, err := db.Exec("INSERT INTO data (timestamp, base_id, parent_id, trace_id, project, host, service, name, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			r.Timestamp, r.BaseID, r.ParentID, r.TraceID, r.Project, r.Host, r.Service, r.Name, r.Data); err != nil {
			t.Fatal(err)
		}
		ids[r.BaseID] = true
		failed[r.BaseID] = failed[r.BaseID] || strings.HasSuffix(r.Name, "stop") && strings.Contains(r.Data, `{\"etype\": \"`)
	}

	for id, want := range golden.Reports {
		r, err := report.Build(d.Records(t.Context(), id))
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := r.WriteOSProfiler(&got); err != nil {
			t.Fatal(err)
		}
		if strings.TrimSpace(got.String()) != strings.TrimSpace(want) {
			t.Errorf("the report of %s is\n%s\nwant\n%s", id, got.String(), want)
		}
	}

	listed := 0
	for tr, err := range d.Traces(t.Context(), drivers.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if !ids[tr.ID] { // the one that made the table
			continue
		}
		if listed++; tr.Failed != failed[tr.ID] {
			t.Errorf("trace %s: failed is %v", tr.ID, tr.Failed)
		}
	}
	if listed != len(ids) || len(golden.Reports) != 9 {
		t.Errorf("%d traces listed, want %d; %d reports", listed, len(ids), len(golden.Reports))
	}
}
