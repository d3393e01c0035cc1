using Berth.Testing;

namespace Berth.Vmm.Tests;

/// <summary>A C program of these tests, static, for host and guests.</summary>
internal static class GuestProgram
{
    /// <summary>Compiles a source file of this folder; gives the program's path.</summary>
    public static async Task<string> CompileAsync(TemporaryDirectory folder, string source)
    {
        string program = folder.Combine(Path.GetFileNameWithoutExtension(source));
        (await Command.RunAsync("gcc", ["-O2", "-static", "-pthread", "-o", program, Path.Combine(Repository.Root, "tests/Berth.Vmm.Tests", source), "-lm"],
            null, null, TestMachine.Token)).Expect();
        return program;
    }

    /// <summary>Runs a program in a machine of its own. Where it fails the exit code is 4, where the kernel complained 5; its output comes in any case.</summary>
    public static async Task<CommandResult> RunAsync(string program, string arguments, int cpus)
    {
        string script = $"""
            cat > /program; chmod +x /program; code=0; /program {arguments} > /out || code=4
            dmesg | grep -E 'WARNING:|BUG:|Call Trace|soft lockup|unable to handle' && exit 5
            cat /out; exit $code
            """;
        await using TestMachine machine = await TestMachine.StartAsync(["sh", "-c", script], c => c with { Cpus = cpus, Workload = c.Workload with { OpenStdin = true } });
        await machine.Process.StandardInput.BaseStream.WriteAsync(await File.ReadAllBytesAsync(program, TestMachine.Token), TestMachine.Token);
        return await machine.ToEndAsync();
    }
}
