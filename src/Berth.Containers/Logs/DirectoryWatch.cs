using System.Buffers.Binary;
using System.Threading.Channels;
using Berth.Linux;

namespace Berth.Containers.Logs;

/// <summary>Wakes a reader when files of a directory change. All watches of the process share one inotify queue and one thread.</summary>
internal sealed class DirectoryWatch : IDisposable
{
    private static readonly Lock s_lock = new();
    private static readonly Dictionary<int, List<DirectoryWatch>> s_watches = [];
    private static FileDescriptor? s_queue;

    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private int _number;

    private DirectoryWatch() { }

    public static DirectoryWatch Start(string directory)
    {
        DirectoryWatch watch = new();
        lock (s_lock)
        {
            if (s_queue is null)
            {
                s_queue = Libc.OpenInotify(nonBlocking: false);
                new Thread(Run, 128 << 10) { IsBackground = true, Name = "log watch" }.Start();
            }
            watch._number = Libc.AddWatch(s_queue, directory, Libc.IN_MODIFY | Libc.IN_CREATE | Libc.IN_DELETE_SELF);
            if (!s_watches.TryGetValue(watch._number, out List<DirectoryWatch>? list))
                s_watches[watch._number] = list = [];
            list.Add(watch);
        }
        return watch;
    }

    /// <summary>Waits for a change since the last call; false when the options' end of time came first or the directory is gone.</summary>
    public async ValueTask<bool> WaitAsync(LogReadOptions options, CancellationToken cancellationToken)
    {
        if (options.Until is not { } until)
            return await _changes.Reader.WaitToReadAsync(cancellationToken) && _changes.Reader.TryRead(out _);
        TimeSpan rest = until - options.Clock.GetUtcNow();
        if (rest <= TimeSpan.Zero)
            return false;
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using ITimer timer = options.Clock.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), limit, Min(rest, TimeSpan.FromDays(40)), Timeout.InfiniteTimeSpan);
        try
        {
            return await _changes.Reader.WaitToReadAsync(limit.Token) && _changes.Reader.TryRead(out _);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    public void Dispose()
    {
        lock (s_lock)
        {
            if (!s_watches.TryGetValue(_number, out List<DirectoryWatch>? list))
                return;
            list.Remove(this);
            if (list.Count == 0)
            {
                s_watches.Remove(_number);
                Libc.RemoveWatch(s_queue!, _number);
            }
        }
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static void Run()
    {
        byte[] buffer = new byte[16 << 10];
        while (true)
        {
            int count = Libc.TryRead(s_queue!, buffer);
            lock (s_lock)
            {
                // struct inotify_event: i32 wd, u32 mask, u32 cookie, u32 len, name; see inotify(7)
                for (int at = 0; at + 16 <= count; at += 16 + BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(at + 12)))
                {
                    int number = BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(at));
                    uint mask = BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(at + 4));
                    if (number < 0)
                        Wake(s_watches.Values.SelectMany(static l => l), gone: false); // the queue overflowed: anything may have changed
                    else if (s_watches.TryGetValue(number, out List<DirectoryWatch>? list))
                        Wake(list, (mask & Libc.IN_DELETE_SELF) != 0);
                }
            }
        }
    }

    private static void Wake(IEnumerable<DirectoryWatch> watches, bool gone)
    {
        foreach (DirectoryWatch watch in watches)
        {
            watch._changes.Writer.TryWrite(true);
            if (gone)
                watch._changes.Writer.TryComplete();
        }
    }
}
