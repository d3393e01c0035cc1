using System.Diagnostics;

namespace Berth.Containers.Tests.Lifecycle;

/// <summary>Small static programs for what no shell can do.</summary>
internal static class NativeProgram
{
    /// <summary>Compiles C to <paramref name="target"/>; without a compiler the test is skipped at a desk and fails in CI.</summary>
    public static void Compile(string target, string source)
    {
        string problem = "needs gcc with a static C library (apt-get install gcc libc6-dev)";
        try
        {
            var start = new ProcessStartInfo("gcc", ["-O1", "-w", "-static", "-x", "c", "-o", target, "-"])
            {
                RedirectStandardInput = true,
                RedirectStandardError = true,
            };
            using Process gcc = Process.Start(start)!;
            gcc.StandardInput.Write(source);
            gcc.StandardInput.Close();
            string errors = gcc.StandardError.ReadToEnd();
            gcc.WaitForExit();
            if (gcc.ExitCode == 0) return;
            problem += ": " + errors;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // There is no gcc: skip or fail below.
        }
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(problem);
        Assert.Skip(problem);
    }
}
