using System.Text.Json;
using Berth.Containers.Supervision;
using Berth.Supervisor.Events;

namespace Berth.Supervisor.Server;

/// <summary>Collects a connection's request line, checks it and hands it on. Everything in it may be hostile.</summary>
internal sealed class RequestReader(Connection connection, Action<Connection, SupervisorRequest> serve) : IConnectionUser
{
    private readonly ByteQueue _line = new();
    private bool _done;

    public void OnInput(ReadOnlySpan<byte> bytes)
    {
        if (_done)
            return; // a peer that sends on without waiting for the answer
        int newline = bytes.IndexOf((byte)'\n');
        int length = newline < 0 ? bytes.Length : newline;
        if (_line.Count + length > SupervisorRequest.MaxBytes)
        {
            Refuse($"the request is longer than the allowed {SupervisorRequest.MaxBytes} bytes");
            return;
        }
        _line.Add(bytes[..length]);
        if (newline < 0)
            return;
        _done = true;
        SupervisorRequest? request;
        try
        {
            request = JsonSerializer.Deserialize(_line.Span, SupervisionJson.Default.SupervisorRequest);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NotSupportedException)
        {
            Refuse($"the request is not understood: {e.Message}");
            return;
        }
        finally
        {
            _line.Clear();
        }
        if (request is null)
            Refuse("the request is null; send an object");
        else
            serve(connection, request);
        // What follows the line in the same bytes is the stream's beginning.
        if (connection.User != this && newline + 1 < bytes.Length)
            connection.User.OnInput(bytes[(newline + 1)..]);
    }

    public void OnInputEnd()
    {
        if (!_done)
            connection.Close();
    }

    public void OnOutputTaken() { }

    public void OnClosed() { }

    private void Refuse(string message)
    {
        _done = true;
        connection.Reply(new SupervisorResponse { Error = new SupervisorError(SupervisorErrorKind.Invalid, message, 125) });
    }
}
