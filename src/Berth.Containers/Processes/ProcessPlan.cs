using Berth.Containers.Security;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Linux.Launch;
using static Berth.Linux.Libc;

namespace Berth.Containers.Processes;

/// <summary>The part of a child's calls that turns it from a root process of the host into the container's process: from its terminal
/// to execve. Equal for the first process and for later ones. The order is part of the security of the whole.</summary>
internal static class ProcessPlan
{
    private const nint ExcludedSignals = (1 << (SIGKILL - 1)) | (1 << (SIGSTOP - 1));

    /// <summary>First calls of every child: cgroup, session, priority among the victims of memory shortage.</summary>
    public static void Enter(ChildPlan plan, IReadOnlyList<FileDescriptor> cgroupTaskFiles, ProcessSpec process)
    {
        foreach (FileDescriptor file in cgroupTaskFiles)
            plan.Add("enter the cgroup", SystemCall.write, file, ChildArgument.Bytes("0"u8.ToArray()), 1);
        plan.Add("new session", SystemCall.setsid);
        if (process.OomScoreAdj is { } score)
        {
            // The host's /proc, before the root changes. Without CAP_SYS_RESOURCE the value cannot be lowered: then it stays.
            int file = plan.Add("open oom_score_adj", SystemCall.openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
            byte[] text = System.Text.Encoding.ASCII.GetBytes(score.ToString());
            plan.Try("write oom_score_adj", 0, SystemCall.write, ChildArgument.ResultOf(file), ChildArgument.Bytes(text), text.Length);
        }
    }

    /// <summary>Everything from standard streams to execve. <paramref name="apart"/>: enter a pid namespace others live in, by forking, when
    /// nothing is left that they could gain from this process. <paramref name="inherited"/>: descriptors the program finds open from 3 on; they lie above all
    /// of these numbers. <paramref name="gate"/>: what it waits at before it becomes the program.</summary>
    public static void Become(ChildPlan plan, bool apart, ProcessSpec process, Identity identity, StdioPlan stdio, FilterProgram? filter, uint filterFlags,
        string executable, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, IReadOnlyList<RlimitSpec> limits, IReadOnlyList<FileDescriptor> inherited,
        StartGate? gate = null)
    {
        Streams(plan, stdio);
        if (stdio.IsTerminal && !apart) plan.Add("controlling terminal", SystemCall.ioctl, 0, (nint)TIOCSCTTY, 0);
        // A keyring of the host's session would be reachable otherwise (keyctl(2)); kernels without keyrings have nothing to hide.
        plan.Try("new session keyring", 0, SystemCall.keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0);
        plan.Add("set umask", SystemCall.umask, process.User.Umask ?? 0x12 /* 022 */);
        WorkingDirectory(plan, process.Cwd);
        if (process.NoNewPrivileges) plan.Add("set no_new_privs", SystemCall.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        Signals(plan);
        // From here on nothing but the three streams, and what is meant to, survives execve, whatever was open in this process (CVE-2024-21626).
        plan.Add("close descriptors on exec", SystemCall.close_range, 3, uint.MaxValue, CLOSE_RANGE_CLOEXEC);
        for (int i = 0; i < inherited.Count; i++) plan.Add("hand over a descriptor", SystemCall.dup2, inherited[i], 3 + i);
        if (gate is not null) plan.Add("hand over the gate", SystemCall.dup2, gate.Descriptor, gate.Number);
        Limit(plan, limits);
        Credentials(plan, process, identity, filter, filterFlags);
        plan.Add("unblock signals", SystemCall.rt_sigprocmask, SIG_SETMASK, ChildArgument.Bytes(new byte[8]), 0, 8);
        if (apart)
        {
            // The filter holds already: one that forbids these calls to the container forbids processes to be added to it.
            plan.Add("fork into the container (a seccomp profile must allow clone)", SystemCall.fork);
            plan.Add("new session (a seccomp profile must allow setsid)", SystemCall.setsid);
            if (stdio.IsTerminal) plan.Add("controlling terminal", SystemCall.ioctl, 0, (nint)TIOCSCTTY, 0);
        }
        if (gate is not null) plan.Add(gate.Execute);
        else plan.Add("execve", SystemCall.execve, executable, ChildArgument.Strings(arguments), ChildArgument.Strings(environment));
    }

    // After the last descriptor is opened, because RLIMIT_NOFILE may be below their numbers.
    private static void Limit(ChildPlan plan, IReadOnlyList<RlimitSpec> limits)
    {
        foreach (RlimitSpec limit in limits)
        {
            byte[] value = new byte[16];
            BitConverter.TryWriteBytes(value, limit.Soft);
            BitConverter.TryWriteBytes(value.AsSpan(8), limit.Hard);
            Rlimits.TryGetResource(limit.Type, out int resource);
            plan.Add($"set {limit.Type}", SystemCall.prlimit64, 0, resource, ChildArgument.Bytes(value), 0);
        }
    }

    private static void Streams(ChildPlan plan, StdioPlan stdio)
    {
        plan.Add("standard input", SystemCall.dup2, stdio.Stdin, 0);
        plan.Add("standard output", SystemCall.dup2, stdio.Stdout, 1);
        plan.Add("standard error", SystemCall.dup2, stdio.Stderr, 2);
    }

    // RESOLVE_IN_ROOT and no magic links: /proc/self/fd/N cannot lead out (CVE-2024-21626). getcwd fails or says "(unreachable)" otherwise.
    private static void WorkingDirectory(ChildPlan plan, string cwd)
    {
        int directory = plan.Add($"chdir to cwd {cwd}", SystemCall.openat2, AT_FDCWD, cwd, ChildPlan.OpenHow(O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), 24);
        plan.Add($"chdir to cwd {cwd}", SystemCall.fchdir, ChildArgument.ResultOf(directory));
        plan.Add($"getcwd in {cwd}", SystemCall.getcwd, ChildArgument.Bytes(new byte[4096]), 4096);
    }

    // CLONE_CLEAR_SIGHAND leaves ignored signals ignored, and .NET ignores SIGPIPE.
    private static void Signals(ChildPlan plan)
    {
        ChildArgument defaultAction = ChildArgument.Bytes(new byte[32]);
        for (int signal = 1; signal < 32; signal++)
        {
            if (((ExcludedSignals >> (signal - 1)) & 1) == 0) plan.Add("reset signals", SystemCall.rt_sigaction, signal, defaultAction, 0, 8);
        }
    }

    private static void Credentials(ChildPlan plan, ProcessSpec process, Identity identity, FilterProgram? filter, uint filterFlags)
    {
        CapabilitiesSpec sets = process.Capabilities ?? new CapabilitiesSpec();
        ulong bounding = CapabilitySet.Parse(sets.Bounding).Bits, effective = CapabilitySet.Parse(sets.Effective).Bits;
        ulong permitted = CapabilitySet.Parse(sets.Permitted).Bits, inheritable = CapabilitySet.Parse(sets.Inheritable).Bits;
        // The kernel has no ambient capability that is not permitted and inheritable; configurations made by other tools ask for some.
        ulong ambient = CapabilitySet.Parse(sets.Ambient).Bits & permitted & inheritable;
        for (int capability = 0; capability < 64; capability++)
        {
            // A new user namespace brings all that the kernel knows, more than this process may have.
            if (((bounding >> capability) & 1) == 0 && capability <= LastCapability)
                plan.Add("drop a bounding capability", SystemCall.prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
        }
        plan.Add("keep capabilities", SystemCall.prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0);
        byte[] groups = new byte[Math.Max(4, identity.AdditionalGids.Count * 4)];
        for (int i = 0; i < identity.AdditionalGids.Count; i++) BitConverter.TryWriteBytes(groups.AsSpan(i * 4), identity.AdditionalGids[i]);
        plan.Add("setgroups", SystemCall.setgroups, identity.AdditionalGids.Count, ChildArgument.Bytes(groups));
        plan.Add("setresgid", SystemCall.setresgid, identity.Gid, identity.Gid, identity.Gid);
        plan.Add("setresuid", SystemCall.setresuid, identity.Uid, identity.Uid, identity.Uid);
        // Without no_new_privs a filter may be installed by CAP_SYS_ADMIN only: it stays until the filter is in, for two more calls.
        ulong last = filter is null || process.NoNewPrivileges ? 0 : 1UL << CAP_SYS_ADMIN;
        plan.Add("capset", SystemCall.capset, Header(), Data(effective | last, permitted | last, inheritable));
        plan.Add("clear ambient capabilities", SystemCall.prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        foreach (Capability capability in new CapabilitySet(ambient).Members())
            plan.Add($"raise ambient CAP_{capability}", SystemCall.prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, (int)capability, 0, 0);
        if (filter is not null)
        {
            plan.Add("seccomp", SystemCall.seccomp, SECCOMP_SET_MODE_FILTER, filterFlags, ChildArgument.Filter(filter));
            if (last != 0) plan.Add("capset", SystemCall.capset, Header(), Data(effective, permitted, inheritable));
        }
    }

    private static ChildArgument Header()
    {
        byte[] header = new byte[8];
        BitConverter.TryWriteBytes(header, _LINUX_CAPABILITY_VERSION_3);
        return ChildArgument.Bytes(header);
    }

    private static ChildArgument Data(ulong effective, ulong permitted, ulong inheritable)
    {
        byte[] data = new byte[24];
        for (int half = 0; half < 2; half++)
        {
            BitConverter.TryWriteBytes(data.AsSpan(half * 12), (uint)(effective >> (32 * half)));
            BitConverter.TryWriteBytes(data.AsSpan(half * 12 + 4), (uint)(permitted >> (32 * half)));
            BitConverter.TryWriteBytes(data.AsSpan(half * 12 + 8), (uint)(inheritable >> (32 * half)));
        }
        return ChildArgument.Bytes(data);
    }
}
