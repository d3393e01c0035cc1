using System.Net.Sockets;
using Berth.Linux;

namespace Berth.Containers.Supervision;

/// <summary>SCM_RIGHTS on the framework's sockets, which do not offer it; see unix(7).</summary>
internal static class DescriptorPassing
{
    /// <summary>Sends as many bytes as fit, the first with a copy of <paramref name="descriptor"/>; 0 when none fit now.</summary>
    public static int Send(Socket socket, ReadOnlySpan<byte> bytes, FileDescriptor descriptor)
    {
        try
        {
            return Libc.SendDescriptors(socket.SafeHandle, bytes, [descriptor.Number]);
        }
        catch (LinuxException e)
        {
            throw new SupervisorException(SupervisorErrorKind.Unavailable, $"a descriptor cannot be handed over: {e.Message}", inner: e);
        }
    }

    /// <summary>Takes what is there, without waiting; 0 = end, -1 = nothing yet.</summary>
    public static int Receive(Socket socket, Span<byte> buffer, Queue<FileDescriptor> descriptors)
    {
        try
        {
            int count = Libc.ReceiveDescriptors(socket.SafeHandle, buffer, out FileDescriptor[] received);
            foreach (FileDescriptor descriptor in received)
                descriptors.Enqueue(descriptor);
            return count;
        }
        catch (LinuxException e) when (e.Errno == Errno.EAGAIN)
        {
            return -1;
        }
    }
}
