using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Compose;
using Xunit;

namespace CloudLab.Tests.Containers.Compose;

/// <summary>What docker compose says, on all systems and in all its forms.</summary>
[Trait("Area", "Containers")]
public sealed class ComposeMessagesTests
{
    [Theory]
    [InlineData(@"a \""quoted\"" word", "a \"quoted\" word")]
    [InlineData(@"a face \U0001f600 that .NET does not read", @"a face \U0001f600 that .NET does not read")]
    public void A_warning_of_an_old_version_is_taken_from_its_line(string written, string expected)
    {
        ComposeMessages said = new();
        said.Read($"time=\"2026-01-01T00:00:00Z\" level=warning msg=\"{written}\"");
        Assert.Equal([expected], said.Warnings);
    }

    [Theory]
    [InlineData("open /srv/shop/extra.yaml: no such file or directory", "/srv/shop/extra.yaml")]
    [InlineData(@"open C:\shop\extra.yaml: The system cannot find the file specified.", @"C:\shop\extra.yaml")]
    public void A_file_that_is_missing_is_named(string text, string path)
    {
        ComposeMessages said = new();
        said.Read(text);
        LabException problem = said.Explain(new ComposeSource { Folder = "/srv/shop" }, 1);
        Assert.Equal(("ComposeFileNotFound", $"There is no file '{path}', which the compose project needs."), (problem.Code, problem.Message));
    }

    [Theory]
    [InlineData("validating /srv/compose.yaml: services.a is wrong", "/srv/compose.yaml", null)]
    [InlineData(@"failed to parse C:\shop\compose.yaml: yaml: line 5: mapping key", @"C:\shop\compose.yaml", 5)]
    public void The_place_of_a_problem_is_read(string text, string file, int? line) => Assert.Equal((file, line), ComposeMessages.Place(text));
}
