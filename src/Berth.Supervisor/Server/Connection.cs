using Berth.Linux;
using Berth.Supervisor.Events;

namespace Berth.Supervisor.Server;

/// <summary>One client's socket on the loop: reads when its user wants, queues what the peer does not take, ends in order.</summary>
internal sealed class Connection
{
    private readonly EventLoop _loop;
    private readonly FileDescriptor _socket;
    private readonly Registration _registration;
    private readonly ByteQueue _output = new();
    private bool _reading = true;
    private bool _inputEnded;
    private bool _hungUp;
    private bool _finishing;

    public Connection(EventLoop loop, FileDescriptor socket, Func<Connection, IConnectionUser> user)
    {
        _loop = loop;
        _socket = socket;
        User = user(this);
        _registration = loop.Register(socket, Libc.EPOLLIN, OnEvents);
    }

    /// <summary>Who gets the input from now on.</summary>
    public IConnectionUser User { get; set; }

    public bool IsClosed { get; private set; }

    /// <summary>The descriptor that came with the latest input, if any; the taker owns it.</summary>
    public FileDescriptor? Received { get; private set; }

    /// <summary>Bytes sent but not yet taken by the peer.</summary>
    public int Waiting => _output.Count;

    /// <summary>Whether input is taken; when not, the peer's writes wait.</summary>
    public bool Reading
    {
        get => _reading;
        set
        {
            _reading = value;
            UpdateEvents();
        }
    }

    public FileDescriptor? TakeReceived()
    {
        FileDescriptor? result = Received;
        Received = null;
        return result;
    }

    /// <summary>Sends now what the peer takes, the rest as it takes more.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (IsClosed || _finishing)
            return;
        if (_output.Count == 0)
            bytes = bytes[TrySend(bytes)..];
        if (IsClosed || bytes.IsEmpty)
            return;
        _output.Add(bytes);
        UpdateEvents();
    }

    /// <summary>Sends bytes together with a descriptor; false when the peer cannot take them now (nothing was sent then).</summary>
    public bool TrySend(ReadOnlySpan<byte> bytes, FileDescriptor descriptor)
    {
        if (_output.Count > 0)
            return false;
        try
        {
            int sent = Libc.SendDescriptors(_socket, bytes, [descriptor.Number]);
            if (sent < bytes.Length)
                Send(bytes[sent..]);
            return true;
        }
        catch (LinuxException e) when (e.Errno == Errno.EAGAIN)
        {
            _registration.Events |= Libc.EPOLLOUT;
            return false;
        }
        catch (LinuxException)
        {
            Close();
            return true;
        }
    }

    /// <summary>Closes once everything sent so far is taken.</summary>
    public void Finish()
    {
        _finishing = true;
        if (_output.Count == 0)
            Close();
        else
            UpdateEvents();
    }

    public void Close()
    {
        if (IsClosed)
            return;
        IsClosed = true;
        _registration.Dispose();
        _socket.Dispose();
        Received?.Dispose();
        _output.Clear();
        User.OnClosed();
    }

    private void OnEvents(uint events)
    {
        _hungUp |= (events & (Libc.EPOLLHUP | Libc.EPOLLERR)) != 0;
        if ((events & Libc.EPOLLOUT) != 0)
            Flush();
        if (!IsClosed && (events & (Libc.EPOLLIN | Libc.EPOLLHUP | Libc.EPOLLERR)) != 0)
            Read();
    }

    private void Read()
    {
        if (!_reading || _inputEnded)
        {
            if (_hungUp)
                HangUp();
            return;
        }
        int count;
        try
        {
            count = Libc.ReceiveDescriptors(_socket, _loop.Scratch, out FileDescriptor[] descriptors);
            foreach (FileDescriptor descriptor in descriptors)
            {
                Received?.Dispose();
                Received = descriptor;
            }
        }
        catch (LinuxException e) when (e.Errno == Errno.EAGAIN)
        {
            return;
        }
        catch (LinuxException)
        {
            Close();
            return;
        }
        if (count > 0)
        {
            User.OnInput(_loop.Scratch.AsSpan(0, count));
            return;
        }
        _inputEnded = true;
        if (_hungUp)
        {
            HangUp();
            return;
        }
        User.OnInputEnd();
        UpdateEvents();
    }

    // The peer is gone altogether. While input is held back the socket leaves epoll, else the hang-up would be told again and again.
    private void HangUp()
    {
        if (_reading || _inputEnded)
            Close();
        else
            _registration.Events = 0;
    }

    private void Flush()
    {
        int sent = TrySend(_output.Span);
        if (IsClosed)
            return;
        _output.Remove(sent);
        if (_output.Count == 0 && _finishing)
        {
            Close();
            return;
        }
        UpdateEvents();
        User.OnOutputTaken();
    }

    private int TrySend(ReadOnlySpan<byte> bytes)
    {
        int total = 0;
        while (total < bytes.Length)
        {
            int count = Libc.TryWrite(_socket, bytes[total..]); // SIGPIPE is ignored by the runtime
            if (count == -(int)Errno.EAGAIN)
                break;
            if (count < 0)
            {
                Close();
                break;
            }
            total += count;
        }
        return total;
    }

    private void UpdateEvents()
    {
        if (!IsClosed)
            _registration.Events = (_reading && !_inputEnded ? Libc.EPOLLIN : 0) | (_output.Count > 0 ? Libc.EPOLLOUT : 0) | (_inputEnded || !_reading ? Libc.EPOLLERR : 0);
    }
}
