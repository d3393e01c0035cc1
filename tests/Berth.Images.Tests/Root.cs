using Berth.Linux;

namespace Berth.Images.Tests;

/// <summary>Layers need root: device nodes, owners, trusted attributes.</summary>
internal static class Root
{
    public static void RequireRoot()
    {
        if (Libc.EffectiveUserId != 0)
        {
            if (Environment.GetEnvironmentVariable("CI") == "true")
            {
                Assert.Fail("These tests need root.");
            }
            Assert.Skip("needs root");
        }
    }
}
