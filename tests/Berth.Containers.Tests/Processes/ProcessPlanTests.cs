using Berth.Containers.Processes;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Linux.Launch;

namespace Berth.Containers.Tests.Processes;

public sealed class ProcessPlanTests
{
    private static List<string> Steps(bool noNewPrivileges, bool filter)
    {
        using FileDescriptor none = new(7, ownsHandle: false);
        ProcessSpec process = new() { Args = ["x"], Cwd = "/", NoNewPrivileges = noNewPrivileges };
        ChildPlan plan = new();
        ProcessPlan.Become(plan, apart: false, process, new Identity(1000, 1000, [], null), new StdioPlan(none, none, none, IsTerminal: false),
            filter ? new FilterProgram(new byte[8]) : null, 0, "/bin/x", ["x"], [], [new() { Type = "RLIMIT_NOFILE", Soft = 1, Hard = 1 }], []);
        return [.. plan.Calls.Select(static c => c.Step)];
    }

    [Fact]
    public void Become_Always_EndsInExecveAndClosesDescriptorsAfterTheLastOpen()
    {
        List<string> steps = Steps(noNewPrivileges: false, filter: true);
        Assert.Equal("execve", steps[^1]);
        Assert.True(steps.IndexOf("close descriptors on exec") > steps.FindLastIndex(static s => s.StartsWith("chdir", StringComparison.Ordinal)));
        Assert.True(steps.IndexOf("set RLIMIT_NOFILE") > steps.IndexOf("close descriptors on exec"));
        Assert.True(steps.IndexOf("setresuid") > steps.IndexOf("setgroups"));
        Assert.True(steps.IndexOf("setresuid") > steps.IndexOf("set RLIMIT_NOFILE"));
    }

    [Fact]
    public void Become_FilterWithoutNoNewPrivileges_GivesUpSysAdminAfterTheFilter()
    {
        List<string> steps = Steps(noNewPrivileges: false, filter: true);
        Assert.Equal(["seccomp", "capset", "unblock signals", "execve"], steps[^4..]);
    }

    [Fact]
    public void Become_FilterWithNoNewPrivileges_InstallsItLast()
    {
        List<string> steps = Steps(noNewPrivileges: true, filter: true);
        Assert.Equal(["seccomp", "unblock signals", "execve"], steps[^3..]);
        Assert.Single(steps, "capset");
    }
}
