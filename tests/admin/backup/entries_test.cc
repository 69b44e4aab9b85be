// The entries: in their order, each once, of a bounded length, and as the manifest says; whoever can lock a
// file may have written them.
#include "admin/backup/entries.h"

#include <optional>
#include <vector>

#include "scratch.h"

namespace mcpbox::backup {
namespace {

Manifest sample() {
  return {.version = "0.1.0",
          .created_ms = 1'700'000'000'123,
          .schema = 10,
          .audit_key = std::string(64, 'a'),
          .audit_record = 42};
}

class Entries : public Scratch {
 protected:
  // Writes pieces as they are said, through the real container.
  struct Piece {
    int entry;
    std::string bytes;
  };
  std::optional<std::string> read_pieces(const std::vector<Piece>& pieces) {
    return read([&](Writer& writer) {
      for (const Piece& piece : pieces) {
        std::string head(1, static_cast<char>(piece.entry));
        for (unsigned i = 0; i < 4; ++i) head += static_cast<char>(piece.bytes.size() >> (8 * i));
        EXPECT_TRUE(writer.put(head + piece.bytes).has_value());
      }
    });
  }

  // Returns what was wrong, or nothing.
  template <class Write>
  std::optional<std::string> read(Write write) {
    const Key key = key_of(3);
    {
      const base::Fd file(::open(at("file").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
      Outcome<Writer> writer = Writer::begin(file.get(), {.operations = 1, .memory = 8192}, key);
      EXPECT_TRUE(writer.has_value());
      write(*writer);
      EXPECT_TRUE(writer->finish().has_value());
    }
    const base::Fd file(::open(at("file").c_str(), O_RDONLY | O_CLOEXEC));
    const Outcome<Header> header = read_header(file.get());
    EXPECT_TRUE(header.has_value());
    Outcome<Reader> reader = Reader::begin(file.get(), *header, key);
    EXPECT_TRUE(reader.has_value());
    dump.clear();
    Outcome<Contents> got = read_entries(*reader, [this](std::string_view piece) -> Outcome<void> {
      dump += piece;
      return {};
    });
    if (!got) return got.error();
    contents = std::move(*got);
    return std::nullopt;
  }

  std::optional<std::string> write_and_read(const std::string& database, std::size_t lie = kDescribed) {
    return read([&](Writer& writer) {
      EntryWriter entries(writer);
      EXPECT_TRUE(entries.whole(Entry::kMasterKey, std::string(32, 'k')).has_value());
      EXPECT_TRUE(entries.whole(Entry::kConfiguration, "spares = 4\n").has_value());
      EXPECT_TRUE(entries.whole(Entry::kAuditHead, std::string(80, 'h')).has_value());
      for (std::size_t i = 0; i < database.size(); i += 100'003)
        EXPECT_TRUE(entries.put(Entry::kDatabase, std::string_view(database).substr(i, 100'003)).has_value());
      EXPECT_TRUE(entries.end(Entry::kDatabase).has_value());
      Manifest manifest = sample();
      manifest.entries = entries.measures();
      if (lie < kDescribed) manifest.entries[lie].hash[0] ^= 1;
      EXPECT_TRUE(entries.whole(Entry::kManifest, encode(manifest)).has_value());
    });
  }

  // A good file as pieces, to be spoiled.
  static std::vector<Piece> good() {
    Manifest manifest = sample();
    const std::string parts[] = {std::string(32, 'k'), "spares = 4\n", "", "rows"};
    std::vector<Piece> pieces;
    for (int i = 0; i < 4; ++i) {
      Measuring measuring;
      measuring.add(parts[i]);
      manifest.entries[static_cast<std::size_t>(i)] = measuring.end();
      if (!parts[i].empty()) pieces.push_back({i + 1, parts[i]});
      pieces.push_back({i + 1, ""});
    }
    pieces.push_back({5, encode(manifest)});
    pieces.push_back({5, ""});
    return pieces;
  }

  std::string dump;
  Contents contents;
};

TEST_F(Entries, ComeBackAsTheyWere) {
  std::string database(300'000, 'd');
  database[150'000] = '\0';
  ASSERT_EQ(write_and_read(database), std::nullopt);
  EXPECT_EQ(dump, database);
  EXPECT_EQ(contents.configuration, "spares = 4\n");
  EXPECT_EQ(contents.audit_head, std::string(80, 'h'));
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(contents.master_key.data()), 32), std::string(32, 'k'));
  EXPECT_EQ(contents.manifest.audit_record, 42U);
  EXPECT_EQ(contents.manifest.entries[3].bytes, database.size());
}

TEST_F(Entries, MustBeWhatTheManifestSays) {
  for (std::size_t lie = 0; lie < kDescribed; ++lie) {
    const std::optional<std::string> wrong = write_and_read("rows", lie);
    ASSERT_TRUE(wrong.has_value());
    EXPECT_THAT(*wrong, ::testing::HasSubstr(name_of(static_cast<Entry>(lie + 1))));
  }
}

TEST_F(Entries, AreRefusedInAnyOtherOrder) {
  ASSERT_EQ(read_pieces(good()), std::nullopt);
  const std::size_t count = good().size();
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<Piece> without = good();
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_TRUE(read_pieces(without).has_value()) << "without piece " << i;
    std::vector<Piece> twice = good();
    twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), twice[i]);
    EXPECT_TRUE(read_pieces(twice).has_value()) << "piece " << i << " twice";
    if (i + 1 == count) continue;
    std::vector<Piece> swapped = good();
    std::swap(swapped[i], swapped[i + 1]);
    EXPECT_TRUE(read_pieces(swapped).has_value()) << "pieces " << i << " and the next exchanged";
  }
  std::vector<Piece> more = good();
  more.push_back({6, "x"});
  EXPECT_TRUE(read_pieces(more).has_value());
}

TEST_F(Entries, AreBounded) {
  std::vector<Piece> pieces = good();
  pieces[0].bytes = std::string(33, 'k');
  EXPECT_THAT(read_pieces(pieces).value_or(""), ::testing::HasSubstr("master.key is too long"));
  pieces = good();
  pieces[0].bytes = std::string(31, 'k');
  EXPECT_TRUE(read_pieces(pieces).has_value());
  pieces = good();
  pieces[2].bytes = std::string(65'537, 'c');
  EXPECT_TRUE(read_pieces(pieces).has_value());
}

TEST(ManifestText, HasOneSpelling) {
  const std::string text = encode(sample());
  const Outcome<Manifest> read = decode_manifest(text);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, sample());
  EXPECT_FALSE(decode_manifest(text + "more\n").has_value());
  EXPECT_FALSE(decode_manifest(text.substr(0, text.size() - 1)).has_value());
  EXPECT_FALSE(decode_manifest("").has_value());
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string longer = text;
    longer.insert(i, "0");
    const Outcome<Manifest> other = decode_manifest(longer);
    if (other.has_value()) {
      EXPECT_EQ(encode(*other), longer);
    }
  }
}

}  // namespace
}  // namespace mcpbox::backup
