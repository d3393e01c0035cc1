using System.Text;
using Berth.Cli.Api;
using Berth.Linux;

namespace Berth.Cli.Compose;

/// <summary>Reads standard input as text, up to a size.</summary>
internal static class InputText
{
    private const int Maximum = 8 * 1024 * 1024;

    /// <summary>Everything up to the end.</summary>
    public static string Read(FileDescriptor input)
    {
        var bytes = new byte[64 * 1024];
        var length = 0;
        int count;
        while ((count = Libc.Read(input, bytes.AsSpan(length))) > 0)
        {
            length += count;
            if (length > Maximum)
            {
                throw new CliException($"standard input holds more than {Maximum} bytes");
            }
            if (length == bytes.Length)
            {
                Array.Resize(ref bytes, bytes.Length * 2);
            }
        }
        return Encoding.UTF8.GetString(bytes, 0, length);
    }
}
