using Berth.Containers.Security;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Testing;

namespace Berth.Containers.Tests.Security;

/// <summary>What users and the escape checklist rely on.</summary>
public class DefaultSeccompProfileTests
{
    private const uint Allow = 0x7FFF0000, Eperm = 0x00050001, Enosys = 0x00050026;

    private static readonly SeccompProgram s_plain = SeccompCompiler.Compile(DefaultSeccompProfile.For(CapabilitySet.Default));
    private static readonly SeccompProgram s_admin = SeccompCompiler.Compile(DefaultSeccompProfile.For(CapabilitySet.Default | CapabilitySet.Of(Capability.SYS_ADMIN)));

    [Theory]
    [InlineData("read", Allow)]
    [InlineData("execve", Allow)]
    [InlineData("ptrace", Allow)]
    [InlineData("chroot", Allow)]
    [InlineData("memfd_secret", Allow)]
    [InlineData("landlock_restrict_self", Allow)]
    [InlineData("mseal", Allow)]
    [InlineData("mount", Eperm)]
    [InlineData("unshare", Eperm)]
    [InlineData("setns", Eperm)]
    [InlineData("pivot_root", Eperm)]
    [InlineData("keyctl", Eperm)]
    [InlineData("add_key", Eperm)]
    [InlineData("request_key", Eperm)]
    [InlineData("bpf", Eperm)]
    [InlineData("perf_event_open", Eperm)]
    [InlineData("userfaultfd", Eperm)]
    [InlineData("init_module", Eperm)]
    [InlineData("kexec_load", Eperm)]
    [InlineData("reboot", Eperm)]
    [InlineData("syslog", Eperm)]
    [InlineData("settimeofday", Eperm)]
    [InlineData("open_by_handle_at", Eperm)]
    [InlineData("iopl", Eperm)]
    [InlineData("acct", Eperm)]
    [InlineData("clone3", Enosys)]
    [InlineData("io_uring_setup", Enosys)]
    [InlineData("io_uring_enter", Enosys)]
    [InlineData("io_uring_register", Enosys)]
    public void Default_WithoutExtraCapabilities_Answers(string name, uint expected) => Assert.Equal(expected, Ask(s_plain, name));

    [Theory]
    [InlineData("mount", Allow)]
    [InlineData("unshare", Allow)]
    [InlineData("clone3", Allow)]
    [InlineData("bpf", Allow)]
    [InlineData("io_uring_setup", Enosys)]
    [InlineData("keyctl", Eperm)]
    [InlineData("reboot", Eperm)]
    public void Default_WithSysAdmin_Answers(string name, uint expected) => Assert.Equal(expected, Ask(s_admin, name));

    [Theory]
    [InlineData("NEWNS", 0x00020000)]
    [InlineData("NEWCGROUP", 0x02000000)]
    [InlineData("NEWUTS", 0x04000000)]
    [InlineData("NEWIPC", 0x08000000)]
    [InlineData("NEWUSER", 0x10000000)]
    [InlineData("NEWPID", 0x20000000)]
    [InlineData("NEWNET", 0x40000000)]
    public void Clone_NewNamespaceFlag_NeedsSysAdmin(string flag, uint bits)
    {
        Assert.NotEmpty(flag);
        Assert.Equal(Eperm, Ask(s_plain, "clone", bits | 17));
        Assert.Equal(Eperm, Ask(s_plain, "clone", 0xABCD_0000_0000_0000 | bits));
        Assert.Equal(Allow, Ask(s_admin, "clone", bits));
        Assert.Equal(Allow, Ask(s_plain, "clone", 0x003D0F00));
    }

    [Theory]
    [InlineData(0x5412UL, Eperm)]
    [InlineData(0xFFFF_FFFF_0000_5412UL, Eperm)]
    [InlineData(0x541CUL, Eperm)]
    [InlineData(0x5413UL, Allow)]
    public void Ioctl_TerminalInjection_IsRefused(ulong request, uint expected)
    {
        Assert.Equal(expected, Ask(s_plain, "ioctl", 0, request));
        Assert.Equal(expected, Ask(s_admin, "ioctl", 0, request));
    }

    [Theory]
    [InlineData(40UL, Eperm)]
    [InlineData(0x1_0000_0028UL, Eperm)]
    [InlineData(2UL, Allow)]
    [InlineData(16UL, Allow)]
    public void Socket_Vsock_IsRefused(ulong family, uint expected) => Assert.Equal(expected, Ask(s_plain, "socket", family));

    [Theory]
    [InlineData(0UL, Allow)]
    [InlineData(8UL, Allow)]
    [InlineData(0x20000UL, Allow)]
    [InlineData(0x20008UL, Allow)]
    [InlineData(0xFFFFFFFFUL, Allow)]
    [InlineData(0x0040000UL, Eperm)] // ADDR_NO_RANDOMIZE
    public void Personality_FiveValuesOnly_AreAllowed(ulong persona, uint expected) => Assert.Equal(expected, Ask(s_plain, "personality", persona));

    [Fact]
    public void SocketCall_OfI386_IsAbsent()
    {
        int number = SyscallTable.Of(SeccompArchitecture.X86)["socketcall"];
        Assert.Equal(Enosys, BpfInterpreter.Run(s_plain.Instructions, SeccompCompiler.AuditX86, (uint)number, [1, 0, 0, 0, 0, 0]));
    }

    [Theory]
    [InlineData(Capability.BPF, "bpf")]
    [InlineData(Capability.PERFMON, "perf_event_open")]
    [InlineData(Capability.SYS_TIME, "clock_settime")]
    [InlineData(Capability.SYS_MODULE, "finit_module")]
    [InlineData(Capability.SYS_BOOT, "reboot")]
    [InlineData(Capability.SYS_RAWIO, "ioperm")]
    [InlineData(Capability.SYS_NICE, "mbind")]
    [InlineData(Capability.SYS_PTRACE, "userfaultfd")]
    [InlineData(Capability.SYSLOG, "syslog")]
    [InlineData(Capability.DAC_READ_SEARCH, "open_by_handle_at")]
    public void Default_WithCapability_OpensItsCalls(Capability capability, string name) =>
        Assert.Equal(Allow, Ask(SeccompCompiler.Compile(DefaultSeccompProfile.For(CapabilitySet.Of(capability))), name));

    [Fact]
    public void Install_OnAThread_KernelEnforcesIt()
    {
        Requires.Root();
        Errno answer = Errno.None;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Libc.InstallSeccompFilter(s_plain.ToBytes());
                try
                {
                    Libc.Unshare(0x04000000); // CLONE_NEWUTS
                }
                catch (LinuxException e)
                {
                    answer = e.Errno;
                }
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        Assert.Null(failure);
        Assert.Equal(Errno.EPERM, answer);
    }

    private static uint Ask(SeccompProgram program, string name, ulong first = 0, ulong second = 0) =>
        BpfInterpreter.Run(program.Instructions, SeccompCompiler.AuditX64, (uint)SyscallTable.Of(SeccompArchitecture.X64)[name], [first, second, 0, 0, 0, 0]);
}
