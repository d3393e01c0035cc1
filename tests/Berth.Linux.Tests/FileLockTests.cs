using Berth.Testing;

namespace Berth.Linux.Tests;

public sealed class FileLockTests
{
    [Fact]
    public void TryTake_HeldByAnother_ReturnsNull()
    {
        using var folder = new TemporaryDirectory();
        using FileLock? first = FileLock.TryTake(folder.Combine("lock"));
        Assert.NotNull(first);
        Assert.Null(FileLock.TryTake(folder.Combine("lock")));
    }

    [Fact]
    public void Release_WhileAChildStillSharesTheOpenFile_FreesTheLock()
    {
        using var folder = new TemporaryDirectory();
        FileDescriptor held = Libc.Open(folder.Combine("lock"), Libc.O_RDWR | Libc.O_CREAT, 0x180);
        Assert.True(Libc.Lock(held, Libc.LOCK_EX | Libc.LOCK_NB));
        using FileDescriptor shared = Libc.Duplicate(held);
        FileLock.Release(held);
        using FileLock? next = FileLock.TryTake(folder.Combine("lock"));
        Assert.NotNull(next);
    }
}
