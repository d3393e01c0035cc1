using System.Text;
using Berth.Containers.Logs;
using Berth.Containers.Supervision;
using Berth.Testing;

namespace Berth.Containers.Tests.Logs;

public sealed class LogTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly SteppingClock _clock = new();

    private string Log => _directory.Combine("log");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Read_WrittenInPieces_GivesLinesWithPartialFlags()
    {
        using LogWriter writer = Open();
        Write(writer, "a\nb", "c\n", "d");
        List<(string Text, bool Starts, bool Partial)> entries = [];
        await foreach (LogEntry entry in LogReader.ReadAsync(Log, new LogReadOptions(), TestContext.Current.CancellationToken))
            entries.Add((Text(entry), entry.StartsLine, entry.Partial));
        Assert.Equal([("a\n", true, false), ("b", true, true), ("c\n", false, false), ("d", true, true)], entries);
    }

    [Fact]
    public async Task Read_LineLongerThanLimit_IsSplitAndFlagged()
    {
        using LogWriter writer = Open();
        Write(writer, new string('x', 40_000) + "\n");
        List<int> lengths = [];
        await foreach (LogEntry entry in LogReader.ReadAsync(Log, new LogReadOptions(), TestContext.Current.CancellationToken))
            lengths.Add(entry.Partial ? entry.Text.Length : -entry.Text.Length);
        Assert.Equal([16384, 16384, -(40_001 - 32768)], lengths);
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "5")]
    [InlineData(2, "4\n5")]
    [InlineData(4, "2\n3\n4\n5")]
    [InlineData(6, "0\n1\n2\n3\n4\n5")]
    [InlineData(99, "0\n1\n2\n3\n4\n5")]
    public async Task Read_Tail_CountsLinesOverFilesAndRecords(int tail, string expected)
    {
        using LogWriter writer = Open(maxSize: 40, maxFiles: 9);
        Write(writer, "0\n1\n", "2\n", "3\n4", "\n", "5");
        Assert.Equal(expected, await ReadAsync(new() { Tail = tail }));
    }

    [Fact]
    public async Task Read_TailOfOneStream_IgnoresTheOther()
    {
        using LogWriter writer = Open();
        for (int i = 0; i < 5; i++)
        {
            writer.Write(StdioChannel.Stdout, Encoding.UTF8.GetBytes($"o{i}\n"));
            writer.Write(StdioChannel.Stderr, Encoding.UTF8.GetBytes($"e{i}\n"));
        }
        Assert.Equal("o3\no4\n", await ReadAsync(new() { Tail = 2, Stderr = false }));
    }

    [Fact]
    public async Task Read_SinceAndUntil_SelectByTime()
    {
        using LogWriter writer = Open();
        Write(writer, "0\n", "1\n", "2\n", "3\n"); // at seconds 1, 2, 3, 4
        Assert.Equal("1\n2\n", await ReadAsync(new() { Since = DateTimeOffset.FromUnixTimeSeconds(2), Until = DateTimeOffset.FromUnixTimeSeconds(3) }));
        Assert.Equal("3\n", await ReadAsync(new() { Since = DateTimeOffset.FromUnixTimeSeconds(2), Tail = 1 }));
    }

    [Fact]
    public void Write_MaxSizeReached_KeepsMaxFiles()
    {
        using LogWriter writer = Open(maxSize: 1000, maxFiles: 3);
        for (int i = 0; i < 500; i++)
            Write(writer, $"line {i}\n");
        string[] files = Directory.GetFiles(Log);
        Assert.Equal(3, files.Length);
        Assert.All(files, static f => Assert.InRange(new FileInfo(f).Length, 1, 1000));
    }

    [Fact]
    public async Task Open_TornLastRecord_KeepsItsPayloadAndIsWholeAgain()
    {
        string expected = "";
        for (int torn = 1; torn < 22; torn++)
        {
            using (LogWriter writer = Open())
                Write(writer, $"{torn}\n");
            string file = Directory.GetFiles(Log).Single();
            byte[] whole = File.ReadAllBytes(file);
            string payload = $"{torn}\n";
            byte[] record = whole[^(18 + payload.Length)..];
            int kept = Math.Min(torn, record.Length - 1);
            File.WriteAllBytes(file, [.. whole, .. record[..kept]]);
            expected += payload + payload[..Math.Clamp(kept - 14, 0, payload.Length)];
        }
        using (LogWriter writer = Open())
            Write(writer, "last\n");
        Assert.Equal(expected + "last\n", await ReadAsync(new()));
    }

    [Fact]
    public async Task Read_RandomBytes_NeverThrows()
    {
        Random random = new(7);
        Directory.CreateDirectory(Log);
        for (int i = 0; i < 200; i++)
        {
            byte[] noise = new byte[random.Next(300)];
            random.NextBytes(noise);
            File.WriteAllBytes(Path.Combine(Log, "00000001.log"), [.. LogFormat.Magic, .. noise]);
            await ReadAsync(new());
            await ReadAsync(new() { Tail = 3 });
            using LogWriter writer = Open();
            Write(writer, "after\n");
            Assert.EndsWith("after\n", await ReadAsync(new()), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Read_Follow_SeesEverythingOverRotationsUntilTheEnd()
    {
        using LogWriter writer = Open(maxSize: 10_000, maxFiles: 1000);
        writer.WriteStart();
        Task<string> reader = ReadAsync(new() { Follow = true });
        StringBuilder expected = new();
        for (int i = 0; i < 5000; i++)
        {
            expected.Append($"line {i}\n");
            Write(writer, $"line {i}\n");
            if (i % 500 == 0)
                await Task.Yield();
        }
        writer.WriteEnd();
        Assert.Equal(expected.ToString(), await reader);
    }

    [Fact]
    public async Task Read_FollowAfterRestart_PassesTheEarlierEnd()
    {
        using LogWriter writer = Open();
        Write(writer, "first\n");
        writer.WriteEnd();
        writer.WriteStart();
        Task<string> reader = ReadAsync(new() { Follow = true });
        Write(writer, "second\n");
        writer.WriteEnd();
        Assert.Equal("first\nsecond\n", await reader);
    }

    private LogWriter Open(long maxSize = 0, int maxFiles = 1) =>
        LogWriter.Open(new LogConfig { Directory = Log, MaxSizeBytes = maxSize, MaxFiles = maxFiles }, _clock);

    private static void Write(LogWriter writer, params string[] pieces)
    {
        foreach (string piece in pieces)
            writer.Write(StdioChannel.Stdout, Encoding.UTF8.GetBytes(piece));
    }

    private async Task<string> ReadAsync(LogReadOptions options)
    {
        StringBuilder text = new();
        await foreach (LogEntry entry in LogReader.ReadAsync(Log, options, TestContext.Current.CancellationToken))
            text.Append(Text(entry));
        return text.ToString();
    }

    private static string Text(LogEntry entry) => Encoding.UTF8.GetString(entry.Text.Span);

    /// <summary>One second later at every look.</summary>
    private sealed class SteppingClock : TimeProvider
    {
        private long _seconds;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(++_seconds);
    }
}
