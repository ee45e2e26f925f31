using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace CloudLab.Tests.Containers.Registries;

/// <summary>A registry:2 of a test's own, on a free port, with or without a password, and images in it that no engine made.</summary>
internal sealed class RegistryServer : IAsyncDisposable
{
    public const string User = "ann", Password = "s3cret-pw";

    // bcrypt of the password.
    private const string Entry = "ann:$2b$04$kmjBkpjpbJd.CMlluE8O8.KuySCCos8ypdefABLBUCW.b2txtleVC";

    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-registry-").FullName;
    private readonly Process process;

    private RegistryServer(bool auth, bool delete)
    {
        string program = TestServers.RegistryProgram();
        using (TcpListener free = new(IPAddress.Loopback, 0))
        {
            free.Start();
            Host = $"127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}";
        }

        File.WriteAllText(Path.Combine(folder, "htpasswd"), Entry + "\n");
        File.WriteAllText(Path.Combine(folder, "config.yml"), $$"""
            version: 0.1
            log: { level: error, accesslog: { disabled: true } }
            storage: { filesystem: { rootdirectory: {{folder}}/data }, delete: { enabled: {{(delete ? "true" : "false")}} } }
            http: { addr: "{{Host}}" }
            {{(auth ? $"auth: {{ htpasswd: {{ realm: films, path: {folder}/htpasswd }} }}" : "")}}
            """);
        ProcessStartInfo start = new(program, ["serve", Path.Combine(folder, "config.yml")]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OTEL_TRACES_EXPORTER"] = "none";
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Host { get; }

    public Uri Url => new($"http://{Host}");

    public static async Task<RegistryServer> StartAsync(bool auth = false, bool delete = true)
    {
        RegistryServer server = new(auth, delete);
        using HttpClient client = new() { BaseAddress = server.Url };
        for (int tries = 0; ; tries++)
        {
            try
            {
                using HttpResponseMessage answer = await client.GetAsync("/v2/");
                return server;
            }
            catch (HttpRequestException) when (tries < 100)
            {
                await Task.Delay(50);
            }
        }
    }

    /// <summary>Puts an image of one platform there, with layers of these sizes; without a tag it is known by its digest only.</summary>
    public async Task<string> PutImageAsync(string repository, string? tag, string platform = "linux/amd64", params int[] layers)
    {
        List<(string Digest, int Size)> blobs = [];
        foreach (int size in layers)
        {
            byte[] content = new byte[size];
            new Random(size + platform.Length).NextBytes(content);
            blobs.Add((await PutBlobAsync(repository, content), size));
        }

        string[] parts = platform.Split('/');
        byte[] config = Encoding.UTF8.GetBytes($$$"""{"os":"{{{parts[0]}}}","architecture":"{{{parts[1]}}}","created":"2026-11-01T10:00:00Z","config":{"Labels":{"team":"films"} },"rootfs":{"type":"layers","diff_ids":[]} }""");
        JsonObject manifest = new()
        {
            ["schemaVersion"] = 2, ["mediaType"] = "application/vnd.oci.image.manifest.v1+json",
            ["config"] = Descriptor("application/vnd.oci.image.config.v1+json", await PutBlobAsync(repository, config), config.Length),
            ["layers"] = new JsonArray([.. blobs.Select(blob => Descriptor("application/vnd.oci.image.layer.v1.tar", blob.Digest, blob.Size))]),
        };
        return await PutManifestAsync(repository, tag, manifest);
    }

    /// <summary>Puts an index of images there, each with its platform; an attestation about the first is added.</summary>
    public async Task<string> PutIndexAsync(string repository, string tag, params (string Platform, int[] Layers)[] images)
    {
        JsonArray entries = [];
        foreach ((string platform, int[] layers) in images)
        {
            string digest = await PutImageAsync(repository, null, platform, layers);
            string[] parts = platform.Split('/');
            entries.Add(Entry(digest, parts[0], parts[1], await SizeAsync(repository, digest)));
        }

        string attestation = await PutImageAsync(repository, null, "unknown/unknown", 77);
        JsonObject about = Entry(attestation, "unknown", "unknown", await SizeAsync(repository, attestation));
        about["annotations"] = new JsonObject
        {
            ["vnd.docker.reference.type"] = "attestation-manifest", ["vnd.docker.reference.digest"] = (string)entries[0]!["digest"]!,
        };
        entries.Add(about);
        return await PutManifestAsync(repository, tag, new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = "application/vnd.oci.image.index.v1+json", ["manifests"] = entries });

        static JsonObject Entry(string digest, string os, string architecture, long size)
        {
            JsonObject entry = Descriptor("application/vnd.oci.image.manifest.v1+json", digest, size);
            entry["platform"] = new JsonObject { ["os"] = os, ["architecture"] = architecture };
            return entry;
        }
    }

    /// <summary>How many uploads the registry still keeps the content of; of one that was taken back it keeps an empty folder.</summary>
    public int OpenUploads() => Directory.Exists(Path.Combine(folder, "data"))
        ? Directory.EnumerateDirectories(Path.Combine(folder, "data"), "_uploads", SearchOption.AllDirectories)
            .Sum(uploads => Directory.EnumerateFiles(uploads, "data", SearchOption.AllDirectories).Count())
        : 0;

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static JsonObject Descriptor(string type, string digest, long size) => new() { ["mediaType"] = type, ["digest"] = digest, ["size"] = size };

    private static string DigestOf(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private async Task<long> SizeAsync(string repository, string digest)
    {
        using HttpClient client = Client();
        return (await client.GetByteArrayAsync($"/v2/{repository}/manifests/{digest}")).Length;
    }

    private async Task<string> PutBlobAsync(string repository, byte[] content)
    {
        string digest = DigestOf(content);
        using HttpClient client = Client();
        using HttpResponseMessage begun = (await client.PostAsync($"/v2/{repository}/blobs/uploads/", null)).EnsureSuccessStatusCode();
        string location = begun.Headers.Location!.ToString();
        using ByteArrayContent body = new(content);
        (await client.PutAsync($"{location}{(location.Contains('?') ? '&' : '?')}digest={Uri.EscapeDataString(digest)}", body)).EnsureSuccessStatusCode().Dispose();
        return digest;
    }

    private async Task<string> PutManifestAsync(string repository, string? tag, JsonObject manifest)
    {
        byte[] content = Encoding.UTF8.GetBytes(manifest.ToJsonString());
        using HttpClient client = Client();
        using ByteArrayContent body = new(content) { Headers = { ContentType = new((string)manifest["mediaType"]!) } };
        (await client.PutAsync($"/v2/{repository}/manifests/{tag ?? DigestOf(content)}", body)).EnsureSuccessStatusCode().Dispose();
        return DigestOf(content);
    }

    private HttpClient Client()
    {
        HttpClient client = new() { BaseAddress = Url };
        client.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}")));
        client.DefaultRequestHeaders.Accept.ParseAdd("application/vnd.oci.image.manifest.v1+json");
        return client;
    }
}
