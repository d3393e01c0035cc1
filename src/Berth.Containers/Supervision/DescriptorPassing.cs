using System.Net.Sockets;
using Berth.Linux;

namespace Berth.Containers.Supervision;

/// <summary>SCM_RIGHTS on the framework's sockets, which do not offer it; see unix(7).</summary>
internal static class DescriptorPassing
{
    /// <summary>Sends as many bytes as fit, the first with a copy of <paramref name="descriptor"/>.</summary>
    public static int Send(Socket socket, ReadOnlySpan<byte> bytes, FileDescriptor descriptor) => throw new NotSupportedException();

    /// <summary>Takes what is there, without waiting; 0 = end, -1 = nothing yet.</summary>
    public static int Receive(Socket socket, Span<byte> buffer, Queue<FileDescriptor> descriptors) => throw new NotSupportedException();
}
