package header_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/race"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func keyring(t testing.TB, list string) *header.Keyring {
	t.Helper()
	keys, err := header.ParseKeys(list)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// sign signs any payload the way the format says, without the package's help.
func sign(key, payload string) (info, mac string) {
	info = base64.URLEncoding.EncodeToString([]byte(payload))
	h := hmac.New(sha1.New, []byte(key))
	h.Write([]byte(info))
	return info, hex.EncodeToString(h.Sum(nil))
}

func TestRefusals(t *testing.T) {
	good, goodMAC := sign("k1", `{"base_id": "b"}`)
	for _, c := range []struct {
		name, keys, payload, info, mac string
		want                           error
	}{
		{name: "no info", keys: "k1", mac: goodMAC, want: header.ErrNoInfo},
		{name: "no signature", keys: "k1", info: good, want: header.ErrNoSignature},
		{name: "blank signature", keys: "k1", info: good, mac: " \t\x85\xa0", want: header.ErrNoSignature},
		{name: "no keys", keys: "", info: good, mac: goodMAC, want: header.ErrNoKeys},
		{name: "no keys but commas", keys: " , ,", info: good, mac: goodMAC, want: header.ErrNoKeys},
		{name: "a megabyte of info", keys: "k1", info: strings.Repeat("A", 1<<20), mac: goodMAC, want: header.ErrTooLong},
		{name: "a megabyte of signature", keys: "k1", info: good, mac: strings.Repeat("a", 1<<20), want: header.ErrTooLong},
		{name: "other key", keys: "k2", info: good, mac: goodMAC, want: header.ErrUnknownKey},
		{name: "upper-case signature", keys: "k1", info: good, mac: strings.ToUpper(goodMAC), want: header.ErrUnknownKey},
		{name: "short signature", keys: "k1", info: good, mac: goodMAC[:39], want: header.ErrUnknownKey},
		{name: "not JSON", keys: "k1", payload: `{"base_id": "b"`, want: header.ErrNotJSON},
		{name: "invalid UTF-8", keys: "k1", payload: "{\"base_id\": \"\xff\"}", want: header.ErrNotJSON},
		{name: "list", keys: "k1", payload: `["b"]`, want: header.ErrNotObject},
		{name: "null", keys: "k1", payload: `null`, want: header.ErrNotObject},
		{name: "extra field", keys: "k1", payload: `{"base_id": "b", "x": 1}`, want: header.ErrExtraField},
		{name: "extra field in other case", keys: "k1", payload: `{"base_id": "b", "Base_ID": "c"}`, want: header.ErrExtraField},
		{name: "no base id", keys: "k1", payload: `{"parent_id": "p"}`, want: header.ErrNoBaseID},
		{name: "base id null", keys: "k1", payload: `{"base_id": null}`, want: header.ErrBaseID},
		{name: "base id a number", keys: "k1", payload: `{"base_id": 1}`, want: header.ErrBaseID},
		{name: "base id with a quote", keys: "k1", payload: `{"base_id": "a\"b"}`, want: header.ErrBaseID},
		{name: "base id too long", keys: "k1", payload: `{"base_id": "` + strings.Repeat("a", 129) + `"}`, want: header.ErrBaseID},
		{name: "base id begins with a dash", keys: "k1", payload: `{"base_id": "-a"}`, want: header.ErrBaseID},
		{name: "parent id a list", keys: "k1", payload: `{"base_id": "b", "parent_id": []}`, want: header.ErrParentID},
		{name: "parent id zero", keys: "k1", payload: `{"base_id": "b", "parent_id": 0}`, want: header.ErrParentID},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.payload != "" {
				c.info, c.mac = sign("k1", c.payload)
			}
			_, key, err := keyring(t, c.keys).Verify(header.Signed{Info: c.info, HMAC: c.mac})
			if !errors.Is(err, c.want) || key != nil {
				t.Errorf("got %v and key %v, want %v", err, key, c.want)
			}
		})
	}
}

func TestNotBase64(t *testing.T) {
	h := hmac.New(sha1.New, []byte("k1"))
	for _, info := range []string{"QQ", "Q===", "QUJD=QUI", "QQ==QQ==", "QUJD\xff"} {
		h.Reset()
		h.Write([]byte(info))
		if _, _, err := keyring(t, "k1").Verify(header.Signed{Info: info, HMAC: hex.EncodeToString(h.Sum(nil))}); err != header.ErrNotBase64 {
			t.Errorf("%q: %v", info, err)
		}
	}
}

// TestGreatestHeader: two ids of the greatest length and an embedded key are
// within MaxLen.
func TestGreatestHeader(t *testing.T) {
	base, parent := strings.Repeat("b", 128), strings.Repeat("p", 128)
	info, mac := sign("k1", fmt.Sprintf(`{"base_id": %q, "parent_id": %q, "hmac_key": %q}`, base, parent, strings.Repeat("k", 128)))
	in, _, err := keyring(t, "k1").Verify(header.Signed{Info: info, HMAC: mac})
	if err != nil || in.BaseID.String() != base || in.ParentID.String() != parent {
		t.Errorf("%d bytes: %v", len(info), err)
	}
	padded := info + strings.Repeat("=", header.MaxLen-len(info)) // surplus padding is ignored
	h := hmac.New(sha1.New, []byte("k1"))
	h.Write([]byte(padded))
	if _, _, err := keyring(t, "k1").Verify(header.Signed{Info: padded, HMAC: hex.EncodeToString(h.Sum(nil))}); err != nil {
		t.Errorf("%d bytes: %v", len(padded), err)
	}
}

// TestSignBelow: however the parent is given, the headers are the same.
func TestSignBelow(t *testing.T) {
	keys, err := header.ParseKeys("key")
	if err != nil {
		t.Fatal(err)
	}
	text, err := header.ParseID(strings.Repeat("x", 128))
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range []header.ID{header.NewID(), text} {
		parent := header.NewID()
		var room [36]byte
		parent.PutUUID(&room)
		want := keys.Primary().Sign(header.Info{BaseID: base, ParentID: parent})
		if got := keys.Primary().SignBelow(base, &room); got != want {
			t.Errorf("%v: got %+v, want %+v", base, got, want)
		}
	}
}

// TestRotation: whichever key verified a request signs what it sends on.
func TestRotation(t *testing.T) {
	keys := keyring(t, "new, old")
	in := header.Info{BaseID: header.NewID(), ParentID: header.NewID()}
	for _, secret := range []string{"new", "old"} {
		one := keyring(t, secret)
		signed := one.Primary().Sign(in)
		got, key, err := keys.Verify(signed)
		if err != nil || got != in {
			t.Fatalf("%s: %v, %v", secret, got, err)
		}
		if again := key.Sign(in); again != signed {
			t.Errorf("%s: the key that verified signs differently", secret)
		}
	}
	signed := keys.Primary().Sign(in)
	if _, _, err := keyring(t, "new").Verify(signed); err != nil {
		t.Errorf("the first key does not sign new traces: %v", err)
	}
}

func TestDefaultKeyIsRefused(t *testing.T) {
	if _, err := header.ParseKeys("mine, SECRET_KEY"); !errors.Is(err, header.ErrDefaultKey) {
		t.Errorf("got %v", err)
	}
	if keys, err := header.ParseKeys("mine, SECRET_KEY", header.AllowDefaultKey()); err != nil || keys.Len() != 2 {
		t.Errorf("got %v, %v", keys.Len(), err)
	}
}

func TestKeysAreRedacted(t *testing.T) {
	keys := keyring(t, "hunter2")
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", keys.Primary(), "ring", keys)
	for _, s := range []string{
		fmt.Sprintf("%v %+v %#v %s %x", keys.Primary(), keys.Primary(), keys.Primary(), keys.Primary(), keys.Primary()),
		fmt.Sprintf("%v %+v %#v", keys, keys, keys),
		log.String(),
	} {
		if strings.Contains(s, "hunter2") || strings.Contains(s, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("the secret shows: %s", s)
		}
	}
}

func TestIDs(t *testing.T) {
	for _, c := range []struct {
		text  string
		valid bool
		uuid  bool
	}{
		{"11111111-2222-4333-8444-555555555555", true, true},
		{"ABCDEF01-2222-4333-8444-555555555555", true, false},
		{"00000000-0000-0000-0000-000000000000", true, false},
		{"11111111222243338444555555555555", true, false},
		{"hello_world-1", true, false},
		{strings.Repeat("a", 128), true, false},
		{strings.Repeat("a", 129), false, false},
		{"", false, false}, {"-a", false, false}, {"_a", false, false},
		{"a b", false, false}, {"a/b", false, false}, {"é", false, false}, {"a\n", false, false},
	} {
		id, err := header.ParseID(c.text)
		if (err == nil) != c.valid {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if !c.valid {
			continue
		}
		if id.String() != c.text || id.IsZero() {
			t.Errorf("%q became %q", c.text, id)
		}
		if _, uuid := id.UUID(); uuid != c.uuid {
			t.Errorf("%q: UUID is %v", c.text, uuid)
		}
	}
	if id := (header.ID{}); !id.IsZero() || id.String() != "" {
		t.Errorf("the zero ID is %q", id)
	}
}

func TestIDText(t *testing.T) {
	for _, text := range []string{"", "abc", "11111111-2222-4333-8444-555555555555"} {
		var id header.ID
		if err := id.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if b, err := id.MarshalText(); err != nil || string(b) != text {
			t.Errorf("%q became %q, %v", text, b, err)
		}
	}
	if err := new(header.ID).UnmarshalText([]byte("a b")); !errors.Is(err, header.ErrID) {
		t.Errorf("got %v", err)
	}
}

func TestNewIDIsAVersion4UUID(t *testing.T) {
	seen := map[header.ID]bool{}
	for range 10_000 {
		id := header.NewID()
		s := id.String()
		if s[14] != '4' || !strings.ContainsRune("89ab", rune(s[19])) {
			t.Fatalf("%s is not a version 4 UUID", s)
		}
		if back, err := header.ParseID(s); err != nil || back != id {
			t.Fatalf("%s became %v, %v", s, back, err)
		}
		if seen[id] {
			t.Fatalf("%s came twice", s)
		}
		seen[id] = true
	}
}

func TestEveryRefusalHasWords(t *testing.T) {
	texts, names := map[string]bool{}, map[string]bool{}
	for r := header.Refusal(0); r < header.Refusals; r++ {
		if r.Error() == "" || r.Name() == "" || texts[r.Error()] || names[r.Name()] {
			t.Errorf("refusal %d: %q, %q", r, r.Name(), r.Error())
		}
		texts[r.Error()], names[r.Name()] = true, true
	}
	if s := header.Refusal(200).Error(); s == "" {
		t.Error("an unknown refusal has no words")
	}
}

func TestAllocations(t *testing.T) {
	if race.Enabled {
		t.Skip("sync.Pool forgets at random under -race; runs without it too")
	}
	keys := keyring(t, "k1,k2")
	in := header.Info{BaseID: header.NewID(), ParentID: header.NewID()}
	signed := keys.Primary().Sign(in)
	info, mac := signed.Info, signed.HMAC
	forged := keyring(t, "k3").Primary().Sign(in).HMAC
	for _, c := range []struct {
		name      string
		info, mac string
		want      error
	}{
		{"accepted", info, mac, nil},
		{"absent", "", "", header.ErrNoInfo},
		{"unsigned", info, "", header.ErrNoSignature},
		{"forged", info, forged, header.ErrUnknownKey},
		{"too long", strings.Repeat("A", header.MaxLen+1), mac, header.ErrTooLong},
	} {
		var err error
		if n := race.Allocs(200, func() { _, _, err = keys.Verify(header.Signed{Info: c.info, HMAC: c.mac}) }); n >= 1 {
			t.Errorf("%s: %v allocations", c.name, n)
		}
		if err != c.want && !(c.want == nil && err == nil) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	keys := keyring(f, "k1")
	for _, payload := range []string{
		`{"base_id": "11111111-2222-4333-8444-555555555555", "parent_id": "66666666-7777-4888-9999-aaaaaaaaaaaa"}`,
		`{"base_id":"b"}`, `{"base_id":"b","parent_id":null,"hmac_key":[[]]}`, `[]`, ``, "\xff",
	} {
		info, _ := sign("k1", payload)
		f.Add(info)
	}
	f.Add("QQ==QQ==")
	f.Fuzz(func(t *testing.T, info string) {
		h := hmac.New(sha1.New, []byte("k1"))
		h.Write([]byte(info))
		in, key, err := keys.Verify(header.Signed{Info: info, HMAC: hex.EncodeToString(h.Sum(nil))})
		if err != nil {
			if _, ok := err.(header.Refusal); !ok {
				t.Fatalf("%v is not a refusal", err)
			}
			return
		}
		again, _, err := keys.Verify(key.Sign(in))
		if err != nil || again != in {
			t.Fatalf("%v came back as %v, %v", in, again, err)
		}
	})
}

func ExampleKeyring_Verify() {
	keys, err := header.ParseKeys("the new key, the old key")
	if err != nil {
		fmt.Println(err)
		return
	}
	base, _ := header.ParseID("11111111-2222-4333-8444-555555555555")
	signed := keys.Primary().Sign(header.Info{BaseID: base})
	info, mac := signed.Info, signed.HMAC

	in, _, err := keys.Verify(header.Signed{Info: info, HMAC: mac})
	fmt.Println(in.BaseID, err)
	_, _, err = keys.Verify(header.Signed{Info: info, HMAC: "0000000000000000000000000000000000000000"})
	fmt.Println(err)
	// Output:
	// 11111111-2222-4333-8444-555555555555 <nil>
	// signature matches none of the configured HMAC keys
}

func TestFromUUID(t *testing.T) {
	want := header.NewID()
	u, ok := want.UUID()
	if got, fine := header.FromUUID(u); !ok || !fine || got != want || string(header.NewID().Append(nil)) == "" {
		t.Errorf("%v comes back as %v", want, got)
	}
	if id, ok := header.FromUUID([16]byte{}); ok || !id.IsZero() {
		t.Errorf("the nil UUID is the id %v", id)
	}
	text, _ := header.ParseID("request-7")
	if _, ok := text.UUID(); ok {
		t.Error("a text is a UUID")
	}
}
