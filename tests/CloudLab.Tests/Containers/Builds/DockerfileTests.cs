using System.Collections;
using System.Formats.Tar;
using System.IO.Compression;
using System.Management.Automation;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Containers.Builds;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Containers.Layers;
using CloudLab.Tests.Containers.Containers;
using Xunit;

namespace CloudLab.Tests.Containers.Builds;

/// <summary>Dockerfiles as people write them, built by a real engine from an image that it has; what comes out is looked into and run.</summary>
[Trait("Area", "Containers")]
[Trait("Server", "docker")]
public sealed class DockerfileTests : ContainerWorld
{
    private const string Base = "cloudlab-test/busybox:containers";

    private static readonly Dictionary<string, Case> Cases = new Case[]
    {
        new("multi-stage", "FROM BASE AS build\nRUN echo built > /out\nFROM scratch\nCOPY --from=build /out /out\n", "file /out\nno file /bin/sh"),
        new("stage by number", "FROM BASE\nRUN echo zero > /out\nFROM BASE\nCOPY --from=0 /out /in\n", "run cat /in => zero"),
        new("only one stage of several", "FROM BASE AS a\nRUN echo a > /x\nFROM BASE AS b\nRUN exit 1\n", "run cat /x => a") { Parameters = new() { ["Target"] = "a" } },
        new("heredoc that is run", "FROM BASE\nRUN <<EOF\necho one > /a\necho two >> /a\nEOF\n", "run tr '\\n' ' ' < /a => one two"),
        new("heredocs that are copied", "FROM BASE\nARG WHO=me\nCOPY <<one.txt <<\"two.txt\" /etc/\nfor ${WHO}\none.txt\nfor ${WHO}\ntwo.txt\n", "run cat /etc/one.txt => for me\nrun cat /etc/two.txt => for ${WHO}"),
        new("ARG before FROM", "ARG IMAGE=nothing\nARG TAG=containers\nFROM ${IMAGE}:${TAG}\nARG TAG\nRUN echo \"$TAG\" > /tag\n", "run cat /tag => containers") { Parameters = new() { ["BuildArg"] = new Hashtable { ["IMAGE"] = Base.Split(':')[0] } } },
        new("ENV that uses ENV", "FROM BASE\nENV A=1 B=\"two words\"\nENV A=2 C=$A D=${NONE:-none} E=${A:+yes} F=\\$A\nENV OLD form with spaces\n", "config Config.Env ~ \"A=2\",\"B=two words\",\"C=1\",\"D=none\",\"E=yes\",\"F=$A\",\"OLD=form with spaces\""),
        new("COPY with owner and mode", "FROM BASE\nCOPY --chown=12:34 --chmod=640 a.txt /a\nCOPY --chmod=0755 a.txt /b\n", "run stat -c '%u:%g %a' /a => 12:34 640\nrun stat -c '%u:%g %a' /b => 0:0 755") { Files = new() { ["a.txt"] = "a" } },
        new("COPY as a layer of its own", "FROM BASE\nWORKDIR /app\nCOPY --link a.txt sub/\n", "file /app/sub/a.txt") { Files = new() { ["a.txt"] = "a" } },
        new("COPY from an image", "FROM scratch\nCOPY --from=BASE /bin/busybox /busybox\nENTRYPOINT [\"/busybox\", \"echo\"]\n", "file /busybox\nargs hello => hello"),
        new("COPY of several", "FROM BASE\nCOPY *.txt sub /all/\n", "run ls /all | tr '\\n' ' ' => a.txt b.txt c.md") { Files = new() { ["a.txt"] = "a", ["b.txt"] = "b", ["sub/c.md"] = "c", ["d.md"] = "d" } },
        new("ADD of a tar file", "FROM scratch\nADD files.tar.gz /x/\nCOPY files.tar.gz /y/\n", "file /x/inside.txt\nfile /y/files.tar.gz\nno file /y/inside.txt") { Files = new() { ["files.tar.gz"] = Tar() } },
        new("dockerignore with exceptions", "FROM scratch\nCOPY . /\n", "file /keep.md\nfile /logs/app.log\nno file /secret.md\nno file /logs/x.txt\nno file /Dockerfile")
        {
            Files = new() { [".dockerignore"] = "# all but\n*\n!*.md\nsecret*\n!logs/*.log\n", ["keep.md"] = "k", ["secret.md"] = "s", ["logs/app.log"] = "l", ["logs/x.txt"] = "x" },
        },
        new("a dockerignore of its own", "FROM scratch\nCOPY . /\n", "file /b\nno file /a") { Name = "web.Dockerfile", Files = new() { [".dockerignore"] = "b\n", ["web.Dockerfile.dockerignore"] = "a\nweb*\n", ["a"] = "a", ["b"] = "b" } },
        new("HEALTHCHECK", "FROM BASE\nHEALTHCHECK --interval=5s --timeout=3s --start-period=1m --retries=4 CMD wget -q -O - http://127.0.0.1/ || exit 1\n", "config Config.Healthcheck ~ \"Test\":[\"CMD-SHELL\",\"wget -q\nconfig Config.Healthcheck ~ \"Interval\":5000000000\nconfig Config.Healthcheck ~ \"Retries\":4"),
        new("SHELL", "FROM BASE\nSHELL [\"/bin/sh\", \"-euc\"]\nRUN echo $- > /flags\nCMD echo hi\n", "config Config.Cmd = [\"/bin/sh\",\"-euc\",\"echo hi\"]\nrun grep -c e /flags => 1"),
        new("ONBUILD", "FROM BASE AS parent\nONBUILD COPY a.txt /on/\nONBUILD RUN echo ran > /on/build\nFROM parent\n", "file /on/a.txt\nrun cat /on/build => ran") { Files = new() { ["a.txt"] = "a" } },
        new("STOPSIGNAL", "FROM BASE\nSTOPSIGNAL SIGQUIT\n", "config Config.StopSignal = \"SIGQUIT\""),
        new("LABEL over lines", "FROM BASE\nLABEL one=1 \\\n      two=\"with spaces\" \\\n      \"three.four\"='5'\n", "config Config.Labels ~ \"one\":\"1\",\"three.four\":\"5\"\nconfig Config.Labels ~ \"two\":\"with spaces\""),
        new("escape directive", "# escape=`\nFROM BASE\nRUN echo a\\\\b > /x `\n && echo more >> /x\n", "run wc -l < /x => 2"),
        new("lines of Windows", "FROM BASE\r\nRUN echo one > /a && \\\r\n    echo two >> /a\r\nENV X=y\r\n", "run tr '\\n' ' ' < /a => one two\nconfig Config.Env ~ \"X=y\""),
        new("byte order mark", "\uFEFFFROM BASE\nENV X=y\n", "config Config.Env ~ \"X=y\""),
        new("tabs and lower case", "from BASE\n\trun\techo a > /a\n  copy\t a.txt\t/b \nexpose\t80\n", "run cat /a => a\nfile /b\nconfig Config.ExposedPorts = {\"80/tcp\":{}}") { Files = new() { ["a.txt"] = "a" } },
        new("cache mount", "FROM BASE\nRUN --mount=type=cache,target=/cache,id=cloudlab-test echo x > /cache/f && cp /cache/f /kept\n", "file /kept\nno file /cache/f"),
        new("secret mount", "FROM BASE\nRUN --mount=type=secret,id=token,required=true wc -c < /run/secrets/token > /length\n", "run cat /length => 7\nno file /run/secrets/token\nno history hunter2")
        {
            Files = new() { ["token.txt"] = "hunter2" }, Parameters = new() { ["Secret"] = "id=token,src=context/token.txt" },
        },
        new("bind mount", "FROM BASE AS tools\nRUN echo tool > /tool\nFROM BASE\nRUN --mount=type=bind,source=a.txt,target=/m/a --mount=from=tools,source=/tool,target=/m/t cat /m/a /m/t > /both\n", "run tr '\\n' ' ' < /both => a tool\nno file /m/t") { Files = new() { ["a.txt"] = "a\n" } },
        new("tmpfs mount", "FROM BASE\nRUN --mount=type=tmpfs,target=/t touch /t/x && grep -c ' /t tmpfs' /proc/mounts > /n\n", "run cat /n => 1\nno file /t/x"),
        new("ssh mount", "FROM BASE\nRUN --mount=type=ssh [ -S \"$SSH_AUTH_SOCK\" ] && echo agent > /ssh\n", "run cat /ssh => agent") { Files = new() { ["key"] = Key() }, Parameters = new() { ["Ssh"] = "default=context/key" } },
        new("WORKDIR that is relative", "FROM BASE\nENV D=deep\nWORKDIR /a\nWORKDIR b/$D\nWORKDIR ../c\nRUN pwd > here\n", "config Config.WorkingDir = \"/a/b/c\"\nrun cat /a/b/c/here => /a/b/c"),
        new("USER", "FROM BASE\nRUN echo 'app:x:1000:1000::/:/bin/sh' >> /etc/passwd\nUSER app:50\n", "config Config.User = \"app:50\"\nrun id -u => 1000\nrun id -g => 50"),
        new("EXPOSE", "FROM BASE\nARG PORT=9000\nEXPOSE 8000-8002 53/udp $PORT\n", "config Config.ExposedPorts = {\"53/udp\":{},\"8000/tcp\":{},\"8001/tcp\":{},\"8002/tcp\":{},\"9000/tcp\":{}}"),
        new("VOLUME", "FROM BASE\nVOLUME [\"/data\", \"/with space\"]\nVOLUME /a /b\n", "config Config.Volumes = {\"/a\":{},\"/b\":{},\"/data\":{},\"/with space\":{}}"),
        new("CMD as a list", "FROM BASE\nCMD [\"echo\", \"a b\", \"$HOME\"]\n", "config Config.Cmd = [\"echo\",\"a b\",\"$HOME\"]\nargs => a b $HOME"),
        new("CMD as a line", "FROM BASE\nCMD echo first\nCMD echo \"$((1 + 2))\"\n", "config Config.Cmd = [\"/bin/sh\",\"-c\",\"echo \\\"$((1 + 2))\\\"\"]\nargs => 3"),
        new("ENTRYPOINT as a list", "FROM BASE\nENTRYPOINT [\"echo\", \"-n\"]\nCMD [\"default\"]\n", "args => default\nargs other => other"),
        new("ENTRYPOINT as a line", "FROM BASE\nENTRYPOINT exec echo fixed\n", "args ignored => fixed"),
        new("comments and empty lines in a continuation", "FROM BASE\n# before\nRUN echo one > /a && \\\n  # between\n  echo two >> /a && \\\n\n  echo three >> /a\n# after", "run wc -l < /a => 3"),
        new("arguments of the platform", "FROM --platform=$BUILDPLATFORM BASE\nARG TARGETPLATFORM\nARG TARGETOS TARGETARCH\nRUN echo $TARGETPLATFORM $TARGETOS-$TARGETARCH > /p\n", "run cat /p => PLATFORM"),
        new("stages with odd names", "FROM BASE AS Build-1.x_y\nRUN echo odd > /o\nFROM build-1.x_y AS scratch2\nFROM scratch2\nCOPY --from=build-1.x_y /o /p\n", "run cat /o /p | tr '\\n' ' ' => odd odd"),
        new("a Dockerfile with a name of its own", "FROM BASE\nENV X=y\n", "config Config.Env ~ \"X=y\"") { Name = "my site.dockerfile", Files = new() { ["Dockerfile"] = "FROM nothing\n" } },
        new("a context below the Dockerfile", "FROM scratch\nCOPY . /\n", "file /a.txt\nno file /Dockerfile") { Context = "sub", Files = new() { ["sub/a.txt"] = "a" } },
        new("names beyond ASCII", "FROM scratch\nCOPY [\"héllo wörld ✓.txt\", \"/日本/\"]\nCOPY naïve /\nLABEL titre=\"été\"\n", "file /日本/héllo wörld ✓.txt\nfile /é\nconfig Config.Labels ~ \"titre\":\"été\"") { Files = new() { ["héllo wörld ✓.txt"] = "a", ["naïve/é"] = "b" } },
        new("names with spaces", "FROM scratch\nCOPY [\"a b.txt\", \"c  d\", \"/x y/\"]\n", "file /x y/a b.txt\nfile /x y/c  d") { Files = new() { ["a b.txt"] = "a", ["c  d"] = "b" } },
    }.ToDictionary(one => one.Title);

    /// <summary>The text of each, with the image for its base.</summary>
    internal static IReadOnlyDictionary<string, string> Texts { get; } = Cases.ToDictionary(one => one.Key, one => one.Value.Dockerfile.Replace("BASE", Base, StringComparison.Ordinal));

    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab dockerfile ").FullName;
    private readonly List<string> made = [];

    public static TheoryData<string> Titles => [.. Cases.Keys];

    public override async ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        if (made.Count > 0)
        {
            await DockerAsync(["image", "rm", "--force", .. made]);
        }

        await base.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Titles))]
    public async Task A_Dockerfile_as_people_write_it_is_built(string title)
    {
        Case given = Cases[title];
        Assert.Equal(Base, await ImageAsync());
        string context = Directory.CreateDirectory(Path.Combine(folder, "context")).FullName;
        foreach ((string name, object content) in given.Files)
        {
            string path = Path.Combine(context, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllBytesAsync(path, content as byte[] ?? Encoding.UTF8.GetBytes((string)content));
        }

        string dockerfile = Path.Combine(context, given.Name);
        await File.WriteAllTextAsync(dockerfile, given.Dockerfile.Replace("BASE", Base, StringComparison.Ordinal), new UTF8Encoding(false));
        string image = $"cloudlab-test/dockerfile:{Guid.NewGuid():N}";
        Dictionary<string, object?> parameters = new(given.Parameters) { ["Path"] = Path.Combine(context, given.Context), ["Tag"] = image, ["Session"] = Session };
        if (given.Name != "Dockerfile" || given.Context.Length > 0)
        {
            parameters["Dockerfile"] = dockerfile;
        }

        CmdletResult result = await CmdletRunner.RunAsync("Build-LabImage", parameters, location: folder);
        LabImageBuild build = Assert.Single(result.Ok().OutputOf<LabImageBuild>());
        made.Add(image);
        Assert.Equal((image, true), (build.Image, build.Loaded));

        JsonNode inspected = JsonNode.Parse(await DockerAsync("image", "inspect", image))![0]!;
        Lazy<Task<HashSet<string>>> files = new(async () =>
            [.. (await RunAsync("Get-LabImageLayer", new { Image = image })).Ok().OutputOf<LabImageLayer>().SelectMany(layer => layer.Files).Select(file => file.Path)]);
        foreach (string line in given.Expected.Split('\n'))
        {
            string[] halves = line.Split([" => ", " = ", " ~ "], 2, StringSplitOptions.None);
            string[] words = halves[0].Split(' ', 2);
            string platform = build.Platforms.Single().Platform;
            string Wanted() => halves[1].Replace("PLATFORM", $"{platform} {platform.Replace('/', '-')}", StringComparison.Ordinal);
            switch (words[0])
            {
                case "file":
                    Assert.Contains(words[1], await files.Value);
                    break;
                case "no" when words[1].StartsWith("file ", StringComparison.Ordinal):
                    Assert.DoesNotContain(words[1][5..], await files.Value);
                    break;
                case "no" when words[1].StartsWith("history ", StringComparison.Ordinal):
                    Assert.DoesNotContain(words[1][8..], await DockerAsync("history", "--no-trunc", image), StringComparison.Ordinal);
                    break;
                case "run":
                    Assert.Equal(Wanted(), (await DockerAsync("run", "--rm", "--entrypoint", "/bin/sh", image, "-c", words[1])).Trim());
                    break;
                case "args":
                    Assert.Equal(Wanted(), (await DockerAsync(["run", "--rm", image, .. words.Skip(1).Where(word => word.Length > 0)])).Trim());
                    break;
                case "config":
                    string found = Json(words[1].Split('.').Aggregate(inspected, (node, name) => node[name]!));
                    Assert.True(line.Contains(" ~ ", StringComparison.Ordinal) ? found.Contains(Wanted(), StringComparison.Ordinal) : found == Wanted(), found);
                    break;
                default:
                    Assert.Fail(line);
                    break;
            }
        }
    }

    [Fact]
    public async Task A_syntax_line_that_needs_a_registry_is_one_error_that_says_to_remove_it()
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "Dockerfile"), "# syntax=127.0.0.1:1/docker/dockerfile:1\nFROM scratch\nCOPY Dockerfile /\n");
        ErrorRecord error = ErrorOf(await RunAsync("Build-LabImage", new { Path = folder }), "BaseImageUnavailable");
        Assert.Contains("'127.0.0.1:1/docker/dockerfile:1' that Dockerfile line 1 needs", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("Remove the line '# syntax=127.0.0.1:1/docker/dockerfile:1'", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_Dockerfile_of_5_MB_is_built(bool file)
    {
        StringBuilder text = new("FROM scratch\nCOPY a /\n");
        for (int i = 0; text.Length < 5_000_000; i++)
        {
            text.Append("# ").Append('x', 200).Append('\n');
            text.Append("LABEL l").Append(i % 50).Append("=\"").Append('y', 2000).Append(i).Append("\"\n");
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "a"), "a");
        Dictionary<string, object?> parameters = new() { ["Path"] = folder, ["Session"] = Session };
        if (file)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "Dockerfile"), text.ToString());
        }
        else
        {
            parameters["DockerfileText"] = text.ToString();
        }

        LabImageBuild build = Assert.Single((await CmdletRunner.RunAsync("Build-LabImage", parameters)).Ok().OutputOf<LabImageBuild>());
        made.Add(build.Digest!);
        LabImage image = (await RunAsync("Get-LabImage", new { Image = build.Digest })).Ok().OutputOf<LabImage>().First();
        Assert.Equal(50, image.Labels.Count);
    }

    [Fact]
    public async Task An_empty_image_is_an_image_and_an_empty_Dockerfile_is_one_error()
    {
        LabImageBuild build = Assert.Single((await RunAsync("Build-LabImage", new { Path = folder, DockerfileText = "FROM scratch" })).Ok().OutputOf<LabImageBuild>());
        made.Add(build.Digest!);
        Assert.Equal((0, true), (build.StepCount, build.Loaded));
        ErrorRecord error = ErrorOf(await RunAsync("Build-LabImage", new { Path = folder, DockerfileText = "\n \n# nothing\n" }), "DockerfileInvalid");
        Assert.Contains("Dockerfile", error.ToString(), StringComparison.Ordinal);
    }

    private static string Json(JsonNode? node) => (node is JsonObject fields ? new JsonObject(fields.OrderBy(pair => pair.Key, StringComparer.Ordinal)
        .Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone()))) : node?.DeepClone())?.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) ?? "";

    private static byte[] Tar()
    {
        using MemoryStream bytes = new();
        using (GZipStream packed = new(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (TarWriter tar = new(packed))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "inside.txt") { DataStream = new MemoryStream("in"u8.ToArray()) });
        }

        return bytes.ToArray();
    }

    private static string Key()
    {
        using RSA key = RSA.Create(2048);
        return key.ExportRSAPrivateKeyPem() + "\n";
    }

    private sealed record Case(string Title, string Dockerfile, string Expected)
    {
        public string Name { get; init; } = "Dockerfile";

        public string Context { get; init; } = "";

        public Dictionary<string, object> Files { get; init; } = [];

        public Dictionary<string, object?> Parameters { get; init; } = [];
    }
}
