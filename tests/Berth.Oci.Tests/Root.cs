using Berth.Linux;

namespace Berth.Oci.Tests;

/// <summary>Containers need root.</summary>
internal static class Root
{
    public static void RequireRoot()
    {
        if (Libc.EffectiveUserId == 0) return;
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail("These tests need root.");
        Assert.Skip("needs root");
    }
}
