package policytable

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func newKey(t *testing.T) (ed25519.PublicKey, ed25519.PrivateKey) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return public, private
}

// envelope signs as the DSSE protocol says: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
func envelope(payload []byte, kind string, keys ...ed25519.PrivateKey) []byte {
	return envelopeIn(base64.StdEncoding, payload, kind, keys...)
}

func envelopeIn(base64 *base64.Encoding, payload []byte, kind string, keys ...ed25519.PrivateKey) []byte {
	message := fmt.Sprintf("DSSEv1 %d %s %d %s", len(kind), kind, len(payload), payload)
	signatures := []map[string]any{}
	for _, key := range keys {
		signatures = append(signatures, map[string]any{"keyid": "any", "sig": base64.EncodeToString(ed25519.Sign(key, []byte(message)))})
	}
	data, _ := json.Marshal(map[string]any{"payload": base64.EncodeToString(payload), "payloadType": kind, "signatures": signatures})
	return data
}

func TestSignatures(t *testing.T) {
	public, private := newKey(t)
	other, othersPrivate := newKey(t)
	data := parts{body: "[]"}.bytes()
	line, _, _ := bytes.Cut(data, []byte("\n"))
	good := envelope(line, payloadType, private)
	trusting := func(signature []byte, keys ...ed25519.PublicKey) Options {
		return Options{Keys: keys, Signature: signature}
	}
	for name, options := range map[string]Options{
		"one key": trusting(good, public), "one of two keys": trusting(good, other, public), "url-safe": trusting(envelopeIn(base64.URLEncoding, line, payloadType, private), public),
		"one of two signatures": trusting(envelope(line, payloadType, othersPrivate, private), public),
	} {
		if _, err := Parse(data, options); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, options := range map[string]Options{
		"another key": trusting(good, other), "no keys": {Keys: []ed25519.PublicKey{}, Signature: good}, "no key": {Signature: good},
		"no signature": trusting(nil, public), "unsigned": trusting(envelope(line, payloadType), public), "no key's length": trusting(good, public[:31]),
		"another type":      trusting(envelope(line, "text/plain", private), public),
		"another type said": trusting(bytes.Replace(envelope(line, "text/plain", private), []byte("text/plain"), []byte(payloadType), 1), public),
		"another table":     trusting(envelope(append([]byte(" "), line...), payloadType, private), public),
		"with the line end": trusting(envelope(append(bytes.Clone(line), '\n'), payloadType, private), public),
		"not JSON":          trusting([]byte("sig"), public), "null": trusting([]byte("null"), public), "too many": trusting(envelope(line, payloadType, make101(private)...), public),
		"not base64": trusting(bytes.Replace(good, []byte(`"sig":"`), []byte(`"sig":"!`), 1), public),
	} {
		t.Run(name, func(t *testing.T) { refusedBy(t, data, options, CheckSignature) })
	}
	changed := bytes.Replace(data, []byte(`"a.policy"`), []byte(`"b.policy"`), 1)
	refusedBy(t, changed, trusting(good, public), CheckDigest)
}

func make101(key ed25519.PrivateKey) []ed25519.PrivateKey {
	keys := make([]ed25519.PrivateKey, mostSignatures+1)
	for i := range keys {
		keys[i] = key
	}
	return keys
}

func TestLoadReadsTheSignatureBesideTheTable(t *testing.T) {
	public, private := newKey(t)
	data := parts{body: "[]"}.bytes()
	path := filepath.Join(t.TempDir(), "p.table")
	write := func(name string, data []byte) {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(path, data)
	if _, err := Load(path, Options{Keys: []ed25519.PublicKey{public}}); err == nil || !strings.Contains(err.Error(), "not signed") {
		t.Error(err)
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	write(path+".sig", envelope(line, payloadType, private))
	if _, err := Load(path, Options{Keys: []ed25519.PublicKey{public}}); err != nil {
		t.Error(err)
	}
	if _, err := Load(path+".nowhere", Options{}); !os.IsNotExist(err) {
		t.Error(err)
	}
}

func TestParsePublicKey(t *testing.T) {
	public, private := newKey(t)
	inPEM := func(kind string, der []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	got, failed := ParsePublicKey(inPEM("PUBLIC KEY", der, err))
	if failed != nil || !got.Equal(public) {
		t.Error(failed)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	curve, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	otherDER, otherErr := x509.MarshalPKIXPublicKey(&curve.PublicKey)
	for _, text := range [][]byte{
		nil, []byte("key"), inPEM("PRIVATE KEY", secret, err), inPEM("PUBLIC KEY", otherDER, otherErr), inPEM("PUBLIC KEY", der[:20], nil),
	} {
		if key, err := ParsePublicKey(text); err == nil {
			t.Errorf("%q: %v", text, key)
		}
	}
}
