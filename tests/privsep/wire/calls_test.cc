// The wire codec when the kernel does what kernels do: short reads, short writes, interruptions, full
// sockets, control data that was cut.  C style, against <cmocka.h>; read, write, sendmsg and recvmsg are
// wrapped by the linker.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "privsep/wire/blocking.h"
#include "privsep/wire/frame.h"

extern "C" {
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
}

// A number that is no open descriptor: only calls on it follow the script, everything else is the real thing.
static const int kSocket = 990;

static const unsigned char kReplyHead[12] = {5, 0, 0, 0, 7, 0, 0, 0, 3, 0, 2, 0};
static const unsigned char kReplyWithFd[12] = {5, 0, 0, 0, 7, 0, 0, 0, 3, 0, 2, 1};

// NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names
extern "C" {

ssize_t __real_read(int fd, void* into, size_t size);
ssize_t __real_write(int fd, const void* from, size_t size);
ssize_t __real_sendmsg(int fd, const struct msghdr* message, int flags);
ssize_t __real_recvmsg(int fd, struct msghdr* message, int flags);

// Script: an errno, or 0 and then the bytes and their count.
ssize_t __wrap_read(int fd, void* into, size_t size) {
  if (fd != kSocket) return __real_read(fd, into, size);
  check_expected(size);
  const int error = mock_type(int);
  if (error != 0) {
    errno = error;
    return -1;
  }
  const void* bytes = mock_ptr_type(const void*);
  const size_t count = mock_type(size_t);
  if (count > 0) memcpy(into, bytes, count);
  return (ssize_t)count;
}

// Script: an errno, or 0 and then how many bytes are taken.
ssize_t __wrap_write(int fd, const void* from, size_t size) {
  if (fd != kSocket) return __real_write(fd, from, size);
  check_expected(size);
  const int error = mock_type(int);
  errno = error;
  return error != 0 ? -1 : mock_type(ssize_t);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr* message, int flags) {
  if (fd != kSocket) return __real_sendmsg(fd, message, flags);
  const size_t size = message->msg_iov[0].iov_len;
  const size_t control = message->msg_controllen;
  check_expected(size);
  check_expected(control);
  check_expected(flags);
  const int error = mock_type(int);
  errno = error;
  return error != 0 ? -1 : mock_type(ssize_t);
}

// Script: an errno, or 0, the bytes, their count, message flags, and a descriptor to deliver (0: none).
ssize_t __wrap_recvmsg(int fd, struct msghdr* message, int flags) {
  if (fd != kSocket) return __real_recvmsg(fd, message, flags);
  const size_t control = message->msg_controllen;
  check_expected(control);
  check_expected(flags);
  const int error = mock_type(int);
  if (error != 0) {
    errno = error;
    return -1;
  }
  const void* bytes = mock_ptr_type(const void*);
  const size_t count = mock_type(size_t);
  message->msg_flags = mock_type(int);
  const int delivered = mock_type(int);
  if (count > 0) memcpy(message->msg_iov[0].iov_base, bytes, count);
  if (delivered == 0) {
    message->msg_controllen = 0;
    return (ssize_t)count;
  }
  struct cmsghdr* header = CMSG_FIRSTHDR(message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &delivered, sizeof(int));
  return (ssize_t)count;
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)

// What came of a call, without destructors: a failed assertion leaves by longjmp.
struct Came {
  int why;  // 0: well
  int sys_errno;
  size_t bytes;
  size_t fds;
};

static struct Came came_of(const mcpbox::base::Error& error) {
  const struct Came came = {(int)error.why, error.sys_errno, 0, 0};
  return came;
}

static struct Came reading(size_t room) {
  const mcpbox::base::Result<mcpbox::wire::Frame> frame = mcpbox::wire::read_frame(kSocket, 5, room);
  if (!frame) return came_of(frame.error());
  const struct Came came = {0, 0, frame->payload == "hello" ? frame->payload.size() : 0, frame->fds.size()};
  return came;
}

static struct Came writing_bytes(int descriptor, size_t bytes) {
  mcpbox::wire::Frame frame;
  frame.header.length = (uint32_t)bytes;
  frame.payload.assign(bytes, 'x');
  if (descriptor != 0) {
    frame.header.fds = 1;
    frame.fds.emplace_back(fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  }
  const mcpbox::base::Result<void> sent = mcpbox::wire::write_frame(kSocket, frame);
  const struct Came well = {0, 0, 0, 0};
  return sent ? well : came_of(sent.error());
}

static struct Came writing(int descriptor) { return writing_bytes(descriptor, 5); }

static struct Came receiving(size_t room) {
  unsigned char into[16] = {0};
  std::vector<mcpbox::base::Fd> fds;
  const mcpbox::base::Result<size_t> got = mcpbox::wire::receive_some(kSocket, into, room, fds);
  if (!got) return came_of(got.error());
  const struct Came came = {0, 0, *got, fds.size()};
  return came;
}

static void read_gives(size_t asked, const void* bytes, size_t count) {
  expect_value(__wrap_read, size, asked);
  will_return(__wrap_read, 0);
  will_return(__wrap_read, (uintptr_t)bytes);
  will_return(__wrap_read, count);
}

static void read_fails(size_t asked, int error) {
  expect_value(__wrap_read, size, asked);
  will_return(__wrap_read, error);
}

static void write_takes(size_t offered, size_t count) {
  expect_value(__wrap_write, size, offered);
  will_return(__wrap_write, 0);
  will_return(__wrap_write, count);
}

static void write_fails(size_t offered, int error) {
  expect_value(__wrap_write, size, offered);
  will_return(__wrap_write, error);
}

static void expect_sendmsg(size_t size, size_t descriptors) {
  expect_value(__wrap_sendmsg, size, size);
  expect_value(__wrap_sendmsg, control, descriptors == 0 ? 0 : CMSG_SPACE(sizeof(int) * descriptors));
  expect_value(__wrap_sendmsg, flags, MSG_NOSIGNAL);
}

static void expect_recvmsg(size_t room) {
  expect_value(__wrap_recvmsg, control, room == 0 ? 0 : CMSG_LEN(sizeof(int) * room));
  expect_value(__wrap_recvmsg, flags, MSG_CMSG_CLOEXEC);
}

static void recvmsg_gives(size_t room, const void* bytes, size_t count, int flags, int descriptor) {
  expect_recvmsg(room);
  will_return(__wrap_recvmsg, 0);
  will_return(__wrap_recvmsg, (uintptr_t)bytes);
  will_return(__wrap_recvmsg, count);
  will_return(__wrap_recvmsg, flags);
  will_return(__wrap_recvmsg, descriptor);
}

static void recvmsg_fails(size_t room, int error) {
  expect_recvmsg(room);
  will_return(__wrap_recvmsg, error);
}

static int null_device(void) { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

static const int kInvalid = (int)mcpbox::base::Why::kInvalid;
static const int kTimeout = (int)mcpbox::base::Why::kTimeout;
static const int kCancelled = (int)mcpbox::base::Why::kCancelled;
static const int kBroken = (int)mcpbox::base::Why::kBroken;

// --- read_frame with read(2)

static void short_reads_are_joined(void** /*state*/) {
  read_gives(12, kReplyHead, 5);
  read_gives(7, kReplyHead + 5, 1);
  read_gives(6, kReplyHead + 6, 6);
  read_gives(5, "he", 2);
  read_gives(3, "llo", 3);
  const struct Came came = reading(0);
  assert_int_equal(came.why, 0);
  assert_int_equal(came.bytes, 5);
}

static void an_interrupted_read_is_repeated(void** /*state*/) {
  read_fails(12, EINTR);
  read_gives(12, kReplyHead, 12);
  read_fails(5, EINTR);
  read_fails(5, EINTR);
  read_gives(5, "hello", 5);
  assert_int_equal(reading(0).why, 0);
}

static void the_end_of_the_stream_is_told_from_a_failure(void** /*state*/) {
  read_gives(12, nullptr, 0);
  assert_int_equal(reading(0).why, kCancelled);
  read_fails(12, ECONNRESET);
  const struct Came reset = reading(0);
  assert_int_equal(reset.why, kBroken);
  assert_int_equal(reset.sys_errno, ECONNRESET);
}

static void the_end_within_a_frame_is_the_end(void** /*state*/) {
  read_gives(12, kReplyHead, 11);
  read_gives(1, nullptr, 0);
  assert_int_equal(reading(0).why, kCancelled);
  read_gives(12, kReplyHead, 12);
  read_gives(5, "hell", 4);
  read_gives(1, nullptr, 0);
  assert_int_equal(reading(0).why, kCancelled);
}

static void a_deadline_of_the_socket_ends_the_reading(void** /*state*/) {
  read_fails(12, EAGAIN);
  assert_int_equal(reading(0).why, kTimeout);
  recvmsg_fails(1, EAGAIN);
  assert_int_equal(reading(1).why, kTimeout);
}

static void an_oversized_frame_is_refused_before_its_payload_is_read(void** /*state*/) {
  static const unsigned char kSix[12] = {6, 0, 0, 0, 7, 0, 0, 0, 3, 0, 2, 0};
  read_gives(12, kSix, 12);
  assert_int_equal(reading(0).why, kInvalid);
}

static void a_frame_of_an_unknown_kind_is_refused_before_its_payload_is_read(void** /*state*/) {
  static const unsigned char kUnknown[12] = {5, 0, 0, 0, 7, 0, 0, 0, 3, 0, 9, 0};
  read_gives(12, kUnknown, 12);
  assert_int_equal(reading(0).why, kInvalid);
}

// --- read_frame with recvmsg(2)

static void a_descriptor_comes_with_the_first_piece_of_the_header(void** /*state*/) {
  const int fd = null_device();
  recvmsg_gives(2, kReplyWithFd, 4, 0, fd);
  recvmsg_gives(2, kReplyWithFd + 4, 8, 0, 0);
  read_gives(5, "hello", 5);
  const struct Came came = reading(2);
  assert_int_equal(came.why, 0);
  assert_int_equal(came.fds, 1);
  assert_int_equal(fcntl(fd, F_GETFD), -1);  // the frame owned it and is gone
}

static void an_announced_descriptor_that_does_not_come_is_refused(void** /*state*/) {
  recvmsg_gives(2, kReplyWithFd, 12, 0, 0);
  assert_int_equal(reading(2).why, kInvalid);
}

static void a_descriptor_that_was_not_announced_is_refused_and_closed(void** /*state*/) {
  const int fd = null_device();
  recvmsg_gives(2, kReplyHead, 12, 0, fd);
  assert_int_equal(reading(2).why, kInvalid);
  assert_int_equal(fcntl(fd, F_GETFD), -1);
}

// --- write_frame

static void short_writes_are_continued(void** /*state*/) {
  write_takes(17, 1);
  write_takes(16, 15);
  write_takes(1, 1);
  assert_int_equal(writing(0).why, 0);
}

static void an_interrupted_write_is_repeated(void** /*state*/) {
  write_fails(17, EINTR);
  write_takes(17, 17);
  assert_int_equal(writing(0).why, 0);
}

static void a_large_frame_is_not_copied_to_be_written(void** /*state*/) {
  write_takes(12, 12);
  write_takes(16385, 16385);
  assert_int_equal(writing_bytes(0, 16385).why, 0);
}

static void a_peer_that_is_gone_ends_the_writing(void** /*state*/) {
  write_takes(17, 12);
  write_fails(5, EPIPE);
  const struct Came came = writing(0);
  assert_int_equal(came.why, kBroken);
  assert_int_equal(came.sys_errno, EPIPE);
}

static void a_deadline_of_the_socket_ends_the_writing(void** /*state*/) {
  write_fails(17, EAGAIN);
  assert_int_equal(writing(0).why, kTimeout);
}

static void descriptors_go_with_the_first_byte_only(void** /*state*/) {
  const int fd = null_device();
  expect_sendmsg(12, 1);
  will_return(__wrap_sendmsg, EINTR);
  expect_sendmsg(12, 1);
  will_return(__wrap_sendmsg, 0);
  will_return(__wrap_sendmsg, 2);
  write_takes(15, 15);
  assert_int_equal(writing(fd).why, 0);
  close(fd);
}

static void a_frame_whose_descriptors_did_not_go_is_not_sent_without_them(void** /*state*/) {
  const int fd = null_device();
  expect_sendmsg(12, 1);
  will_return(__wrap_sendmsg, EAGAIN);
  assert_int_equal(writing(fd).why, kTimeout);  // and no write() follows
  close(fd);
}

// --- receive_some

static void an_empty_socket_is_nothing_yet(void** /*state*/) {
  recvmsg_fails(0, EAGAIN);
  const struct Came came = receiving(0);
  assert_int_equal(came.why, 0);
  assert_int_equal(came.bytes, 0);
}

static void an_interrupted_receive_is_repeated(void** /*state*/) {
  recvmsg_fails(1, EINTR);
  recvmsg_gives(1, "abc", 3, 0, 0);
  assert_int_equal(receiving(1).bytes, 3);
}

static void control_data_that_was_cut_ends_the_peer(void** /*state*/) {
  recvmsg_gives(0, "abc", 3, MSG_CTRUNC, 0);
  assert_int_equal(receiving(0).why, kInvalid);
  const int fd = null_device();
  recvmsg_gives(1, "abc", 3, MSG_CTRUNC, fd);
  assert_int_equal(receiving(1).why, kInvalid);
  assert_int_equal(fcntl(fd, F_GETFD), -1);  // what did arrive is closed
}

static void a_failing_receive_says_why(void** /*state*/) {
  recvmsg_fails(0, ECONNRESET);
  const struct Came came = receiving(0);
  assert_int_equal(came.why, kBroken);
  assert_int_equal(came.sys_errno, ECONNRESET);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(short_reads_are_joined),
      cmocka_unit_test(an_interrupted_read_is_repeated),
      cmocka_unit_test(the_end_of_the_stream_is_told_from_a_failure),
      cmocka_unit_test(the_end_within_a_frame_is_the_end),
      cmocka_unit_test(a_deadline_of_the_socket_ends_the_reading),
      cmocka_unit_test(an_oversized_frame_is_refused_before_its_payload_is_read),
      cmocka_unit_test(a_frame_of_an_unknown_kind_is_refused_before_its_payload_is_read),
      cmocka_unit_test(a_descriptor_comes_with_the_first_piece_of_the_header),
      cmocka_unit_test(an_announced_descriptor_that_does_not_come_is_refused),
      cmocka_unit_test(a_descriptor_that_was_not_announced_is_refused_and_closed),
      cmocka_unit_test(short_writes_are_continued),
      cmocka_unit_test(an_interrupted_write_is_repeated),
      cmocka_unit_test(a_large_frame_is_not_copied_to_be_written),
      cmocka_unit_test(a_peer_that_is_gone_ends_the_writing),
      cmocka_unit_test(a_deadline_of_the_socket_ends_the_writing),
      cmocka_unit_test(descriptors_go_with_the_first_byte_only),
      cmocka_unit_test(a_frame_whose_descriptors_did_not_go_is_not_sent_without_them),
      cmocka_unit_test(an_empty_socket_is_nothing_yet),
      cmocka_unit_test(an_interrupted_receive_is_repeated),
      cmocka_unit_test(control_data_that_was_cut_ends_the_peer),
      cmocka_unit_test(a_failing_receive_says_why),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
