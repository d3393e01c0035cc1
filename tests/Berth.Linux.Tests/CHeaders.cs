using System.Diagnostics;
using System.Text;

namespace Berth.Linux.Tests;

/// <summary>Lets the C compiler compare numbers of ours with expressions over the headers.</summary>
internal static class CHeaders
{
    public static void AssertEqual(IEnumerable<string> headers, IEnumerable<(string C, long Value)> expected)
    {
        if (!File.Exists("/usr/bin/gcc")) Assert.Skip("needs gcc");
        StringBuilder program = new("#define _GNU_SOURCE\n");
        foreach (string header in headers) program.AppendLine($"#include <{header}>");
        foreach ((string c, long value) in expected)
            program.AppendLine($"_Static_assert((unsigned long long)({c}) == {(ulong)value}ull, \"{c} is not {value}\");");
        string file = Path.Combine(Path.GetTempPath(), $"berth-layout-{Guid.NewGuid():n}.c");
        File.WriteAllText(file, program.ToString());
        try
        {
            using Process gcc = Process.Start(new ProcessStartInfo("/usr/bin/gcc", ["-fsyntax-only", file]) { RedirectStandardError = true })!;
            string errors = gcc.StandardError.ReadToEnd();
            gcc.WaitForExit();
            Assert.Equal("", errors);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
