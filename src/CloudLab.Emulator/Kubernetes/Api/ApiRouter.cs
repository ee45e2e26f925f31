using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Http;
using CloudLab.Emulator.Kubernetes.Schema;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>Finds who answers a request, and makes a Status of every refusal.</summary>
internal sealed class ApiRouter(ObjectService objects, ReviewHandler reviews, CancellationToken stopping)
{
    private static readonly string[] Checks = ["ping", "log", "etcd", "informer-sync", "poststarthook/start-apiextensions-controllers"];

    private readonly Discovery discovery = new(objects.Registry);
    private readonly ResourceHandler resources = new(objects, reviews, stopping);
    private readonly MetricsHandler metrics = new(objects);

    public async Task HandleAsync(HttpExchange exchange)
    {
        ApiRequest request = new(exchange);
        try
        {
            await RouteAsync(request);
        }
        catch (ApiError error) when (!exchange.Started)
        {
            await Answer.JsonAsync(request, error.Code, error.Status());
        }
        catch (Exception e) when (!exchange.Started && e is not (OperationCanceledException or ClientGoneException))
        {
            await Answer.JsonAsync(request, 500, new ApiError(500, "InternalError", "Internal error occurred: " + e.Message).Status());
            throw;
        }
    }

    private static Task HealthAsync(ApiRequest request)
    {
        if (!request.Exchange.RawQuery.Contains("verbose", StringComparison.Ordinal))
        {
            return Answer.TextAsync(request, 200, "ok");
        }

        StringBuilder text = new();
        foreach (string check in Checks)
        {
            text.Append("[+]").Append(check).Append(" ok\n");
        }

        return Answer.TextAsync(request, 200, text.Append(request.Segments[0]).Append(" check passed\n").ToString());
    }

    private static JsonObject Version()
    {
        string full = SchemaCatalog.Default.Version;
        string[] parts = full.TrimStart('v').Split('.');
        return new JsonObject
        {
            ["major"] = parts[0],
            ["minor"] = parts[1],
            ["gitVersion"] = full + "+cloudlab",
            ["gitCommit"] = "",
            ["gitTreeState"] = "clean",
            ["buildDate"] = "1970-01-01T00:00:00Z",
            ["goVersion"] = "",
            ["compiler"] = "",
            ["platform"] = "dotnet/any",
        };
    }

    private Task RouteAsync(ApiRequest request)
    {
        string[] path = request.Segments;
        switch (path)
        {
            case []:
                return Answer.JsonAsync(request, 200, discovery.Paths());
            case ["version"]:
                return Answer.JsonAsync(request, 200, Version());
            case ["healthz" or "livez" or "readyz", ..]:
                return HealthAsync(request);
            case ["api" or "apis"]:
                return discovery.RootAsync(request);
            case ["api", "v1"]:
                return Answer.JsonAsync(request, 200, discovery.Resources("", "v1"));
            case ["apis", string group]:
                return Answer.JsonAsync(request, 200, discovery.Group(group));
            case ["apis", string group, string version]:
                return Answer.JsonAsync(request, 200, discovery.Resources(group, version));
            case ["openapi", "v2"]:
                return OpenApi.AnswerV2Async(request);
            case ["openapi", "v3", ..]:
                return new OpenApi(objects.Registry).AnswerAsync(request);
            case ["apis", "metrics.k8s.io", "v1beta1", _, ..]:
                return metrics.HandleAsync(request, path[3..]);
            case ["apis", string group, string version, _, ..] when !objects.Registry.HasGroupVersion(group, version):
                return Answer.TextAsync(request, 404, "404 page not found\n");
            case ["api", "v1", ..]:
                return resources.HandleAsync(request, "", "v1", path[2..]);
            case ["apis", string group, string version, ..]:
                return resources.HandleAsync(request, group, version, path[3..]);
            default:
                return Answer.TextAsync(request, 404, "404 page not found\n");
        }
    }
}
