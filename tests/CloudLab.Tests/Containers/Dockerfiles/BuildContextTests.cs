using System.Diagnostics;
using CloudLab.Core.Containers.Dockerfiles;
using Xunit;

namespace CloudLab.Tests.Containers.Dockerfiles;

/// <summary>Build contexts: what is listed is what a real engine gets.</summary>
[Trait("Area", "Containers")]
public sealed class BuildContextTests : IDisposable
{
    private static readonly string[] Files =
    [
        "a.txt", "b.md", "README.md", "README-secret.md", "Case.TXT", ".hidden", ".git/config", ".git/objects/ab/cd", "src/a.txt", "src/b.go", "src/deep/a.txt", "src/deep/deeper/c.txt", "src/deep/keep",
        "node_modules/x/index.js", "node_modules/keep/me.js", "packages/p/node_modules/y.js", "packages/p/src/i.ts", "docs/x.md", "docs/sub/x.md", "docs/sub/y.txt", "logs/app.log", "logs/x.txt", "foo", "foobar",
        "a b/c d.txt", "temp1/x", "tempa/x", "tempab/x", "bin/Debug/x.dll", "bin/x", "sub/bin/x", "sub/foo", "é/ü.txt", "we[i]rd", "star*", "#hash", "!bang", "q?", "x+y.c", "back.d/x",
    ];

    private static readonly Dictionary<string, string> Ignores = new()
    {
        ["nothing"] = "", ["comments and blanks"] = "# all\n\n   \n  # no comment, a pattern\n#hash\n", ["one file"] = "a.txt", ["a file in a folder"] = "src/a.txt", ["a folder"] = "src", ["slash at the end"] = "src/",
        ["slash at the beginning"] = "/src\n/a.txt", ["a dot at the beginning"] = "./src\n./a.txt", ["dots in the middle"] = "src/../docs\nsrc/./deep\nlogs//app.log", ["parent"] = "../a.txt\n..\n", ["dot"] = ".", ["slash"] = "/",
        ["star"] = "*", ["star but"] = "*\n!src", ["star but a deep file"] = "*\n!src/deep/keep", ["star in a folder"] = "*/a.txt", ["two stars"] = "*/*/a.txt", ["any depth"] = "**/a.txt", ["any depth, folder"] = "**/node_modules",
        ["all below"] = "src/**", ["all below but"] = "src/**\n!src/deep/**", ["folder but a file"] = "docs\n!docs/sub/x.md", ["order matters"] = "!README.md\n*.md\n", ["last one wins"] = "*.md\n!README*.md\nREADME-secret.md\n",
        ["and once more"] = "*.md\nREADME-secret.md\n!README*.md\n", ["question mark"] = "temp?", ["class"] = "temp[0-9]", ["negated class"] = "temp[^0-9]", ["no gitignore"] = "*.txt\nbin\n", ["double star alone"] = "**", ["double star but"] = "**\n!**/*.go\n",
        ["double star glued"] = "**a.txt", ["double star in the middle"] = "src/**/c.txt\npackages/**/y.js", ["prefix"] = "foo**", ["escaped"] = "we\\[i\\]rd\nstar\\*\nq\\?", ["plus and dot"] = "x+y.c\nback.d\n", ["blanks around"] = "  src  \n\ta.txt\t", ["blank after bang"] = "*.txt\n! a.txt",
        ["bang and slash"] = "src\n!/src/b.go", ["blank in a name"] = "a b/c d.txt", ["case"] = "case.txt\nSRC", ["line ends of Windows"] = "src\r\n*.md\r\n!README.md\r\n", ["byte order mark"] = "\uFEFFsrc\n", ["not ASCII"] = "é", ["a dot file"] = ".*\n!.hidden", ["exception of a star"] = "docs/*\n!docs/*.md",
        ["folder left out twice"] = "src\n!src/deep\nsrc/deep/deeper", ["exception with a question mark"] = "logs\n!log?/app.log", ["exception above"] = "src/deep\n!src\n", ["empty folder"] = "empty\nsrc/*\n", ["links"] = "link\n", ["star of links"] = "l*\n!link\n", ["all of one kind at any depth but"] = "**/*.txt\n!src/**/a.txt\n",
    };

    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab context ").FullName;

    public static TheoryData<string> Titles => [.. Ignores.Keys];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Context => Path.Combine(folder, "context");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [Trait("Server", "docker")]
    [MemberData(nameof(Titles))]
    public async Task What_is_listed_is_what_arrives(string title)
    {
        string host = TestServers.Docker();
        await WriteAsync(Ignores[title]);
        string dockerfile = Path.Combine(folder, "Dockerfile"), output = Path.Combine(folder, "out");
        await File.WriteAllTextAsync(dockerfile, "FROM scratch\nCOPY . /\n", Cancellation);
        (int exitCode, _, string errors) = await ForeignProcess.RunAsync(new ProcessStartInfo("docker", ["--host", host, "buildx", "build", "--quiet", "--file", dockerfile, "--output", "type=local,dest=" + output, Context]));
        Assert.True(exitCode == 0, errors);
        string[] arrived = [.. Leaves(output)], listed = [.. (await ListAsync()).Select(item => item.Path)];
        Assert.Equal(arrived.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
        Assert.Equal(listed.Length, listed.Distinct().Count());

        // What is not sent is left out, and nothing is both.
        HashSet<string> sent = [.. listed];
        LabBuildContextItem[] ignored = await ListAsync(ignored: true);
        Assert.All(ignored, item => Assert.DoesNotContain(item.Path, sent));
        Assert.All(ignored, item => Assert.NotNull(item.Pattern));
        long files = ignored.Sum(item => item.FileCount) + sent.Count(path => !Directory.Exists(Path.Combine(Context, path)) || new DirectoryInfo(Path.Combine(Context, path)).LinkTarget is not null);
        Assert.Equal(Files.Length + 3, files);
    }

    [Theory]
    [Trait("Server", "docker")]
    [InlineData("a[", true)]
    [InlineData("[]a]", true)]
    [InlineData("[-]", true)]
    [InlineData("[x-]", true)]
    [InlineData("a\\", true)]
    [InlineData("!", true)]
    [InlineData("[a-c]x", false)]
    [InlineData("\\a", false)]
    public async Task What_the_engine_refuses_is_one_error_with_the_line(string pattern, bool refused)
    {
        string host = TestServers.Docker();
        await WriteAsync("src\n" + pattern + "\n");
        string dockerfile = Path.Combine(folder, "Dockerfile");
        await File.WriteAllTextAsync(dockerfile, "FROM scratch\nCOPY . /\n", Cancellation);
        (int exitCode, _, string errors) = await ForeignProcess.RunAsync(new ProcessStartInfo("docker", ["--host", host, "buildx", "build", "--quiet", "--file", dockerfile, "--output", "type=local,dest=" + Path.Combine(folder, "out"), Context]));
        Assert.True(refused == (exitCode != 0), errors);
        CmdletResult result = await CmdletRunner.RunAsync("Get-LabBuildContext", new { Path = Context, Dockerfile = dockerfile });
        if (refused)
        {
            Assert.StartsWith("DockerignoreInvalid", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Contains("Line 2", result.Errors[0].ToString(), StringComparison.Ordinal);
        }
        else
        {
            Assert.NotEmpty(result.Ok().Output);
        }
    }

    [Fact]
    [Trait("Server", "docker")]
    public async Task An_ignore_file_of_the_Dockerfile_counts_instead()
    {
        string host = TestServers.Docker();
        await WriteAsync("src\n");
        string dockerfile = Path.Combine(folder, "web.Dockerfile"), output = Path.Combine(folder, "out");
        await File.WriteAllTextAsync(dockerfile, "FROM scratch\nCOPY . /\n", Cancellation);
        await File.WriteAllTextAsync(dockerfile + ".dockerignore", "docs\n", Cancellation);
        await ForeignProcess.OutputAsync(new ProcessStartInfo("docker", ["--host", host, "buildx", "build", "--quiet", "--file", dockerfile, "--output", "type=local,dest=" + output, Context]));
        CmdletResult result = (await CmdletRunner.RunAsync("Get-LabBuildContext", new { Path = Context, Dockerfile = "../web.Dockerfile" })).Ok();
        Assert.Equal(Leaves(output).Order(StringComparer.Ordinal), result.OutputOf<LabBuildContextItem>().Select(item => item.Path).Order(StringComparer.Ordinal));
        Assert.Contains("src/a.txt", result.OutputOf<LabBuildContextItem>().Select(item => item.Path));
    }

    [Fact]
    public async Task An_entry_says_which_line_decided_and_a_folder_counts_its_files()
    {
        await WriteAsync("# first\nnode_modules\n*.md\n!README.md\n");
        LabBuildContextItem[] sent = await ListAsync(), ignored = await ListAsync(ignored: true);
        LabBuildContextItem readme = sent.Single(item => item.Path == "README.md"), modules = ignored.Single(item => item.Path == "node_modules");
        Assert.Equal(("!README.md", 4, false, 9L), (readme.Pattern, readme.PatternLine, readme.Ignored, readme.Length));
        Assert.Equal((BuildContextKind.Folder, 2L, 46L, 2, true), (modules.Kind, modules.FileCount, modules.Length, modules.PatternLine, modules.Ignored));
        Assert.Equal(Path.Combine(Context, ".dockerignore"), readme.IgnoreFile);
        Assert.Equal((BuildContextKind.Link, "a.txt", 0L), sent.Where(item => item.Path == "link").Select(item => (item.Kind, item.LinkTarget, item.Length)).Single());
        Assert.Equal(BuildContextKind.Folder, sent.Single(item => item.Path == "empty").Kind);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_one_error_and_the_first_ones_stop_the_listing()
    {
        await WriteAsync("");
        CmdletResult result = await CmdletRunner.RunAsync("Get-LabBuildContext", input: [Path.Combine(folder, "none"), Context]);
        Assert.StartsWith("BuildContextNotFound", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.NotEmpty(result.Output);
        Assert.Equal(2, (await CmdletRunner.RunAsync("Get-LabBuildContext", new { Path = Context }, first: 2)).Output.Count);
    }

    [Theory]
    [InlineData("**", "file", true)]
    [InlineData("**/", "dir/file", true)]
    [InlineData("**/**", "dir/file", true)]
    [InlineData("dir/**", "dir/file", true)]
    [InlineData("dir/**", "dir/dir2/file/", true)]
    [InlineData("**/dir", "dir/file", true)]
    [InlineData("**/dir2/*", "dir/dir2/dir2/file", true)]
    [InlineData("**file", "dir/file", true)]
    [InlineData("**/file", "dir/dir/file", true)]
    [InlineData("**/file*", "dir/dir/file.txt", true)]
    [InlineData("**/file*txt", "dir/dir/file.txt", true)]
    [InlineData("**/file*.txt*", "dir/dir/file.txt", true)]
    [InlineData("**/**/*.txt2", "dir/dir/file.txt", false)]
    [InlineData("a**/*.txt", "a/file.txt", true)]
    [InlineData("a**/*.txt", "a/dir/dir/file.txt", true)]
    [InlineData("a[b-d]e", "ae", false)]
    [InlineData("a[b-d]e", "ace", true)]
    [InlineData("a[^b-d]e", "aze", true)]
    [InlineData(".*", ".foo", true)]
    [InlineData(".*", "foo", false)]
    [InlineData("abc.def", "abcdef", false)]
    [InlineData("abc.def", "abc.def", true)]
    [InlineData("abc?def", "abcZdef", true)]
    [InlineData("abc?def", "abc/def", false)]
    [InlineData("a\\\\", "a\\", true)]
    [InlineData("**/foo/bar", "foo/bar", true)]
    [InlineData("**/foo/bar", "dir2/foo/bar", true)]
    [InlineData("abc/**", "abc", false)]
    [InlineData("abc/**", "abc/def/ghi", true)]
    [InlineData("**/.foo", "bar.foo", false)]
    [InlineData("./bar.*", "bar.foo", true)]
    [InlineData("a(b)c/def", "a(b)c/def", true)]
    [InlineData("a.|)$(}+{bc", "a.|)$(}+{bc", true)]
    [InlineData("dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl", "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl", true)]
    public void Patterns_match_as_those_of_the_engine(string pattern, string path, bool matches) =>
        Assert.Equal(matches, IgnoreFile.Parse(pattern).Ignores(path.TrimEnd('/')) is not null);

    private static IEnumerable<string> Leaves(string root) => Leaves(new DirectoryInfo(root), "");

    private static IEnumerable<string> Leaves(DirectoryInfo at, string prefix)
    {
        foreach (FileSystemInfo entry in at.EnumerateFileSystemInfos())
        {
            string[] inner = entry is DirectoryInfo child && child.LinkTarget is null ? [.. Leaves(child, prefix + entry.Name + "/")] : [];
            foreach (string path in inner.Length > 0 ? inner : [prefix + entry.Name])
            {
                yield return path;
            }
        }
    }

    private async Task<LabBuildContextItem[]> ListAsync(bool ignored = false) =>
        (await CmdletRunner.RunAsync("Get-LabBuildContext", new { Path = Context, Ignored = ignored })).Ok().OutputOf<LabBuildContextItem>();

    private async Task WriteAsync(string ignore)
    {
        foreach (string name in Files)
        {
            string path = Path.Combine(Context, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, name, Cancellation);
        }

        Directory.CreateDirectory(Path.Combine(Context, "empty"));
        File.CreateSymbolicLink(Path.Combine(Context, "link"), "a.txt");
        Directory.CreateSymbolicLink(Path.Combine(Context, "links"), "src");
        await File.WriteAllTextAsync(Path.Combine(Context, ".dockerignore"), ignore, Cancellation);
    }
}
