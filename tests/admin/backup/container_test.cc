// The container: what went in comes out, and nothing that was changed, cut, moved or made with another key
// does.
#include "admin/backup/container.h"

#include <algorithm>
#include <optional>

#include "scratch.h"

namespace mcpbox::backup {
namespace {

constexpr std::size_t kFront = kHeaderBytes + kProofBytes;

class Container : public Scratch {
 protected:
  // What a reader gets of a file with these bytes; nothing when it refuses it.
  std::optional<std::string> read(const std::string& bytes, unsigned char key = 7) {
    put("file", bytes);
    const base::Fd file(::open(at("file").c_str(), O_RDONLY | O_CLOEXEC));
    const Outcome<Header> header = read_header(file.get());
    if (!header) return refused(header.error());
    Outcome<Reader> reader = Reader::begin(file.get(), *header, key_of(key));
    if (!reader) return refused(reader.error());
    std::string all;
    for (;;) {
      const Outcome<std::string_view> next = reader->next();
      if (!next) return refused(next.error());
      if (next->empty()) return all;
      all += *next;
    }
  }

  std::string made(const std::string& plain, bool finish = true) {
    const base::Fd file(::open(at("made").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    Header header{.lock = LockKind::kPublicKey, .created_ms = 1'700'000'000'123};
    header.recipient.fill(9);
    Outcome<Writer> writer = Writer::begin(file.get(), header, key_of(7));
    EXPECT_TRUE(writer.has_value());
    // In pieces of an odd size, which chunks must not show.
    for (std::size_t i = 0; i < plain.size(); i += 10'007)
      EXPECT_TRUE(writer->put(std::string_view(plain).substr(i, 10'007)).has_value());
    if (finish) {
      EXPECT_TRUE(writer->finish().has_value());
    }
    return get("made");
  }

  static std::string plain_of(std::size_t size) {
    std::string plain(size, '\0');
    for (std::size_t i = 0; i < size; ++i) plain[i] = static_cast<char>(i * 31 + i / 256);
    return plain;
  }

  std::optional<std::string> refused(const std::string& why) {
    last_error = why;
    return std::nullopt;
  }
  std::string last_error;
};

TEST_F(Container, GivesBackWhatWasPutIn) {
  for (const std::size_t size : {std::size_t{1}, kChunkBytes - 1, kChunkBytes, kChunkBytes + 1,
                                 2 * kChunkBytes, 3 * kChunkBytes + 5}) {
    const std::string plain = plain_of(size);
    const std::string file = made(plain);
    EXPECT_EQ(read(file), plain) << size;
    EXPECT_EQ(file.size(), kFront + size + 17 * ((size + kChunkBytes - 1) / kChunkBytes)) << size;
  }
}

TEST_F(Container, HoldsNothingInClear) {
  const std::string plain = "canary-canary-canary" + plain_of(100);
  EXPECT_EQ(made(plain).find("canary"), std::string::npos);
}

TEST_F(Container, RefusesEveryByteOfItsHeaderChanged) {
  const std::string file = made(plain_of(1'000));
  ASSERT_TRUE(read(file).has_value());
  for (std::size_t i = 0; i < kFront + 64; ++i) {
    std::string changed = file;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(read(changed).has_value()) << "byte " << i;
  }
}

TEST_F(Container, RefusesAChangeAnywhere) {
  const std::string file = made(plain_of(3 * kChunkBytes + 100));
  for (std::size_t i = kFront; i < file.size(); i += 1'009) {
    std::string changed = file;
    changed[i] = static_cast<char>(changed[i] ^ 0x80);
    EXPECT_FALSE(read(changed).has_value()) << "byte " << i;
  }
  std::string last = file;
  last.back() = static_cast<char>(last.back() ^ 1);
  EXPECT_FALSE(read(last).has_value());
}

TEST_F(Container, RefusesToBeCutAnywhere) {
  const std::string file = made(plain_of(2 * kChunkBytes + 100));
  for (const std::size_t chunk : {0, 1, 2, 3}) {
    const std::size_t border = std::min(kFront + chunk * kSealedChunkBytes, file.size());
    for (const std::size_t at : {border - 1, border, border + 1}) {
      if (at >= file.size()) continue;
      EXPECT_FALSE(read(file.substr(0, at)).has_value()) << at;
    }
  }
  for (const std::size_t at : {std::size_t{0}, kHeaderBytes - 1, kHeaderBytes, kFront - 1})
    EXPECT_FALSE(read(file.substr(0, at)).has_value()) << at;
  EXPECT_FALSE(read(made(plain_of(2 * kChunkBytes), false)).has_value()) << "never finished";
  EXPECT_THAT(last_error, ::testing::HasSubstr("cut short"));
}

TEST_F(Container, RefusesMoreBehindItsEnd) {
  const std::string file = made(plain_of(kChunkBytes + 1));
  EXPECT_FALSE(read(file + "x").has_value());
  EXPECT_FALSE(read(file + file).has_value());
}

TEST_F(Container, RefusesChunksInAnotherOrderOrFromAnotherFile) {
  const std::string plain = plain_of(4 * kChunkBytes);
  const std::string file = made(plain);
  const std::string other = made(plain);
  const auto chunk = [](const std::string& of, std::size_t n) {
    return of.substr(kFront + n * kSealedChunkBytes, kSealedChunkBytes);
  };
  const std::string header = file.substr(0, kFront);
  ASSERT_TRUE(read(header + chunk(file, 0) + chunk(file, 1) + chunk(file, 2) + chunk(file, 3)).has_value());
  EXPECT_FALSE(read(header + chunk(file, 1) + chunk(file, 0) + chunk(file, 2) + chunk(file, 3)).has_value());
  EXPECT_FALSE(read(header + chunk(file, 0) + chunk(file, 2) + chunk(file, 3)).has_value());
  EXPECT_FALSE(read(header + chunk(file, 0) + chunk(file, 0) + chunk(file, 1) + chunk(file, 2)).has_value());
  EXPECT_FALSE(read(header + chunk(file, 0) + chunk(other, 1) + chunk(file, 2) + chunk(file, 3)).has_value());
  EXPECT_FALSE(read(header + chunk(file, 3)).has_value());
}

TEST_F(Container, RefusesAnotherKeyAndSaysSo) {
  EXPECT_FALSE(read(made("hello"), 8).has_value());
  EXPECT_THAT(last_error, ::testing::HasSubstr("does not open"));
}

TEST_F(Container, SaysWhatAFileIsThatIsNoBackup) {
  EXPECT_FALSE(read("-----BEGIN AGE ENCRYPTED FILE-----" + std::string(500, 'x')).has_value());
  EXPECT_THAT(last_error, ::testing::HasSubstr("no backup of MCPbox"));
  std::string newer = made("hello");
  newer[8] = 2;
  EXPECT_FALSE(read(newer).has_value());
  EXPECT_THAT(last_error, ::testing::HasSubstr("newer MCPbox"));
}

TEST_F(Container, ItsHeaderCannotAskForAllMemoryOrTime) {
  Header header{.lock = LockKind::kPassphrase, .operations = 3, .memory = 256 << 20};
  ASSERT_TRUE(decode_header(encode(header)).has_value());
  header.memory = std::uint64_t{1} << 40;
  EXPECT_FALSE(decode_header(encode(header)).has_value());
  header.memory = 256 << 20;
  header.operations = 1'000'000;
  EXPECT_FALSE(decode_header(encode(header)).has_value());
  header.operations = 0;
  EXPECT_FALSE(decode_header(encode(header)).has_value());
}

}  // namespace
}  // namespace mcpbox::backup
