using System.Text;
using Berth.Boot.Layout;

namespace Berth.Boot.Kernels;

/// <summary>The kernel's command line as bytes with their NUL.</summary>
internal static class CommandLine
{
    /// <summary>Checks length and characters.</summary>
    public static byte[] Encode(string text, KernelImage kernel)
    {
        int limit = Math.Min(kernel.CommandLineLimit, LowMemory.CommandLineSpace - 1);
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        if (bytes.Length - 1 > limit)
            throw new BootException(BootErrorCode.BadCommandLine, $"kernel command line: {bytes.Length - 1} characters; this kernel takes at most {limit}");
        if (text.Any(char.IsControl)) throw new BootException(BootErrorCode.BadCommandLine, "kernel command line: control characters are not allowed");
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }
}
