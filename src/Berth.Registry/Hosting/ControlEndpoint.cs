using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Berth.Registry.Store;
using Microsoft.AspNetCore.Http;

namespace Berth.Registry.Hosting;

/// <summary>The socket in the registry's own directory, by which its owner collects garbage while it serves.</summary>
internal sealed class ControlEndpoint(RegistryStore store, UploadStore uploads)
{
    public async Task HandleAsync(HttpContext context)
    {
        if (context.Request.Method != "POST" || context.Request.Path != "/gc"
            || !long.TryParse(context.Request.Query["keep"], NumberStyles.None, CultureInfo.InvariantCulture, out long keep) || keep > int.MaxValue)
        {
            context.Response.StatusCode = 400;
            return;
        }
        var collection = new GarbageCollection(store, uploads) { Keep = TimeSpan.FromSeconds(keep), DeleteUntagged = context.Request.Query["untagged"] == "1" };
        string result = (await Task.Run(collection.Run, context.RequestAborted)).ToString();
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(result), context.RequestAborted);
    }

    /// <summary>Asks the server of a directory to collect; null when none runs.</summary>
    public static async Task<string?> AskAsync(string socket, bool deleteUntagged, TimeSpan keep, CancellationToken cancellation)
    {
        using var client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, stop) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), stop);
                    return new NetworkStream(connection, ownsSocket: true);
                }
                catch
                {
                    connection.Dispose();
                    throw;
                }
            },
        })
        { Timeout = Timeout.InfiniteTimeSpan };
        try
        {
            using HttpResponseMessage answer = await client.PostAsync(new Uri($"http://registry/gc?keep={(long)keep.TotalSeconds}&untagged={(deleteUntagged ? 1 : 0)}"), null, cancellation);
            answer.EnsureSuccessStatusCode();
            return await answer.Content.ReadAsStringAsync(cancellation);
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException)
        {
            return null;
        }
    }
}
