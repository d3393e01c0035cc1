using System.Net;
using System.Text.Json;

namespace Berth.Registry.Tests;

/// <summary>Base of tests against a registry of their own.</summary>
public abstract class RegistryTest : IAsyncLifetime
{
    private TestRegistry? _registry;

    private protected TestRegistry Registry => _registry!;

    protected HttpClient Client => Registry.Client;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _registry = await TestRegistry.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await Registry.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Checks the status and the code of an error. [OCI-DIST] "Error Codes".</summary>
    protected static async Task ExpectErrorAsync(HttpResponseMessage response, HttpStatusCode status, string code)
    {
        using (response)
        {
            string body = await response.Content.ReadAsStringAsync(Cancellation);
            Assert.True(response.StatusCode == status, $"{response.StatusCode}: {body}");
            using JsonDocument json = JsonDocument.Parse(body);
            Assert.Equal(code, json.RootElement.GetProperty("errors")[0].GetProperty("code").GetString());
        }
    }

    protected Task<HttpResponseMessage> SendAsync(HttpMethod method, string address) => Client.SendAsync(new HttpRequestMessage(method, address), Cancellation);

    protected async Task ExpectAsync(HttpMethod method, string address, HttpStatusCode status)
    {
        using HttpResponseMessage response = await SendAsync(method, address);
        Assert.Equal(status, response.StatusCode);
    }

    protected async Task<JsonElement> GetJsonAsync(string address)
    {
        using JsonDocument json = JsonDocument.Parse(await Client.GetStringAsync(address, Cancellation));
        return json.RootElement.Clone();
    }
}
