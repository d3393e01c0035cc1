using Berth.Containers.Lifecycle;
using Berth.Containers.Security;
using Berth.Containers.Spec;
using Berth.Containers.Tests.Lifecycle;
using Berth.Linux;
using static Berth.Linux.Libc;

namespace Berth.Containers.Tests.Escape;

/// <summary>CVE-2016-9962 and what is left of it when the container may trace: processes that enter are seized by a container that waits
/// for them. They must show neither the engine's memory nor rights the container does not have.</summary>
public sealed class TracedExecTests : IDisposable
{
    // Looks for new processes all the time and reports what it finds in them: capabilities, mapped files, name of the program.
    private const string Tracer = """
        #include <dirent.h>
        #include <fcntl.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/ptrace.h>
        #include <sys/wait.h>
        #include <unistd.h>
        static char buf[1 << 16];
        static void show(int pid, const char *name) {
            char path[64];
            snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
            int fd = open(path, O_RDONLY), n;
            if (fd < 0) return;
            while ((n = read(fd, buf, sizeof buf)) > 0) write(1, buf, n);
            close(fd);
        }
        int main(void) {
            write(1, "ready\n", 6);
            for (;;)
                for (int pid = 2; pid < 4000; pid++) {
                    if (pid == getpid() || ptrace(PTRACE_SEIZE, pid, 0, 0)) { if (pid > 64 && kill(pid, 0)) pid += 8; continue; }
                    int status;
                    ptrace(PTRACE_INTERRUPT, pid, 0, 0);
                    if (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
                        dprintf(1, "seized %d\n", pid);
                        show(pid, "maps");
                        show(pid, "status");
                        ptrace(PTRACE_DETACH, pid, 0, 0);
                    }
                }
        }
        """;

    private readonly TestContainer _box = new();

    public void Dispose() => _box.Dispose();

    [Fact]
    public async Task Exec_IntoATracingContainer_ShowsNoMemoryAndNoRightsOfTheEngine()
    {
        string program = Path.Combine(_box.Lower, "bin/tracer");
        NativeProgram.Compile(program, "#include <signal.h>\n" + Tracer);
        CapabilitySet may = CapabilitySet.Default | CapabilitySet.Parse(["CAP_SYS_PTRACE"]);
        RuntimeSpec spec = TestContainer.Spec("/bin/tracer");
        (FileDescriptor read, FileDescriptor write) = Pipe();
        ExecConfig Exec(StartedProcess main) => new()
        {
            ContainerPid = main.Pid,
            ContainerPidFd = main.PidFd,
            Process = TestContainer.Spec("true").Process!,
        };
        string found;
        using (read)
        {
            StartedProcess main;
            using (write) main = ContainerRuntime.Start(_box.Config(spec with { Process = spec.Process! with { Capabilities = TestContainer.Capabilities(may) } }), new ProcessStdio(null, write, write));
            byte[] ready = new byte[6];
            Libc.Read(read, ready);
            Task<string> output = Task.Run(() => TestContainer.ReadToEnd(read));
            for (int i = 0; i < 100; i++) TestContainer.Exec(Exec(main));
            SendSignal(main.PidFd, SIGKILL);
            Libc.Wait(main.PidFd);
            main.Dispose();
            found = await output;
        }
        Assert.DoesNotContain("dotnet", found, StringComparison.Ordinal);
        Assert.DoesNotContain("libcoreclr", found, StringComparison.Ordinal);
        foreach (string line in found.Split('\n').Where(static l => l.StartsWith("CapPrm:", StringComparison.Ordinal) || l.StartsWith("CapBnd:", StringComparison.Ordinal)))
            Assert.Equal(0ul, Convert.ToUInt64(line.Split('\t')[1], 16) & ~may.Bits);
    }
}
