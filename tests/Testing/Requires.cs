using Xunit;

namespace Berth.Testing;

/// <summary>What a test needs of the machine it runs on: where it is missing, the test is skipped at a desk and fails in CI.</summary>
public static class Requires
{
    /// <summary>Needs root, for <paramref name="reason"/>.</summary>
    public static void Root(string? reason = null) => That(Environment.IsPrivilegedProcess, reason is null ? "root" : $"root: {reason}");

    /// <summary>Needs <paramref name="what"/>.</summary>
    public static void That(bool isThere, string what)
    {
        if (isThere) return;
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail($"needs {what}");
        Assert.Skip($"needs {what}");
    }
}
