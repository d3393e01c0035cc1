using Berth.Devices;

namespace BootKernel;

/// <summary>Serial output to stdout, with the time at which a line of interest first appears.</summary>
internal sealed class ConsoleSink(Action<string> onLine) : IByteSink
{
    private readonly Stream _out = Console.OpenStandardOutput();
    private readonly List<byte> _line = [];

    public void Write(ReadOnlySpan<byte> data)
    {
        _out.Write(data);
        foreach (byte value in data)
        {
            if (value != '\n')
            {
                _line.Add(value);
                continue;
            }
            onLine(System.Text.Encoding.UTF8.GetString([.. _line]));
            _line.Clear();
        }
    }
}
