using Berth.Containers.Supervision;
using Berth.Linux;
using Berth.Testing;

namespace Berth.Supervisor.Tests;

public sealed class LaunchTests
{
    [Fact]
    public async Task EnsureRunningAsync_AnotherHoldsTheRunRootWithoutAnAnswer_TriesUntilItIsGone()
    {
        Requires.Root();
        using var directory = new TemporaryDirectory();
        var paths = new SupervisorPaths(directory.Combine("run"), directory.Combine("data"));
        string tried = directory.Combine("tried"), binary = directory.Combine("supervisor");
        File.WriteAllText(binary, $"#!/bin/sh\n{SupervisorFixture.Binary} \"$@\"\n: >{tried}\n");
        File.SetUnixFileMode(binary, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Directory.CreateDirectory(paths.RunRoot);

        Task launch;
        using (FileDescriptor pidFile = Libc.Open(paths.PidFile, Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC, 0x1A4 /* 0644 */))
        {
            Assert.True(Libc.Lock(pidFile, Libc.LOCK_EX | Libc.LOCK_NB));
            launch = SupervisorLauncher.EnsureRunningAsync(paths, binary, TestContext.Current.CancellationToken);
            while (!File.Exists(tried))
                await Task.Delay(10, TestContext.Current.CancellationToken);
        }
        await launch;
        using var client = new SupervisorClient(paths.Socket);
        await client.PingAsync(TestContext.Current.CancellationToken);
        await client.ShutdownAsync(killAll: true, TestContext.Current.CancellationToken);
    }
}
