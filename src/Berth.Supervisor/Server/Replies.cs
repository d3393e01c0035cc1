using System.Text.Json;
using Berth.Containers.Supervision;

namespace Berth.Supervisor.Server;

/// <summary>Response lines.</summary>
internal static class Replies
{
    /// <summary>One line of JSON.</summary>
    public static byte[] Line(SupervisorResponse response)
    {
        byte[] line = JsonSerializer.SerializeToUtf8Bytes(response, SupervisionJson.Default.SupervisorResponse);
        Array.Resize(ref line, line.Length + 1);
        line[^1] = (byte)'\n';
        return line;
    }

    /// <summary>Sends the answer and ends the connection.</summary>
    public static void Reply(this Connection connection, SupervisorResponse response)
    {
        connection.Send(Line(response));
        connection.Finish();
    }

    /// <summary>Sends a refusal and ends the connection.</summary>
    public static void Refuse(this Connection connection, SupervisorException error) =>
        connection.Reply(new SupervisorResponse { Error = new SupervisorError(error.Kind, error.Message, error.ExitCode) });
}
