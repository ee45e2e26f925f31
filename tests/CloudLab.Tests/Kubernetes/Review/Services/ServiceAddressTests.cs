using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Review.Services;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Review.Services;

[Trait("Area", "Kubernetes")]
public sealed class ServiceAddressTests
{
    [Theory]
    [InlineData("movies.films", "movies", "films", null)]
    [InlineData("movies.films.svc", "movies", "films", null)]
    [InlineData("movies.films.svc.cluster.local", "movies", "films", null)]
    [InlineData("movies.films.svc.cluster.local.:8080", "movies", "films", 8080)]
    [InlineData("web-0.movies.films.svc.corp.example", "movies", "films", null)]
    [InlineData("_http._tcp.movies.films.svc.cluster.local", "movies", "films", null)]
    [InlineData("movies:8080", "movies", null, 8080)]
    [InlineData("movies.films:8080/api", "movies", "films", 8080)]
    [InlineData("http://movies/api", "movies", null, 80)]
    [InlineData("https://movies.films", "movies", "films", 443)]
    [InlineData("HTTP://movies.films:8080/path?a=b.c", "movies", "films", 8080)]
    [InlineData("redis://:secret@cache.films:6379/0", "cache", "films", 6379)]
    [InlineData("jdbc:mysql://db.films.svc:3306/site", "db", "films", 3306)]
    public void An_address_names_a_service(string text, string service, string? ns, int? port) => Assert.Equal(new ServiceAddress(service, ns, port), ServiceAddress.Of(text));

    [Theory]
    [InlineData("movies")]
    [InlineData("mov*")]
    [InlineData("*.films")]
    [InlineData("ingress/movies")]
    [InlineData("deployments.apps/movies")]
    [InlineData("movies.example.com")]
    [InlineData("")]
    public void A_name_is_none(string text) => Assert.Null(ServiceAddress.Of(text));

    [Theory]
    [InlineData("http://movies.example.com/api")]
    [InlineData("http://a..b/")]
    public void A_URL_that_leads_elsewhere_says_what_is_for_it(string text)
    {
        LabException e = Assert.Throws<LabException>(() => ServiceAddress.Of(text));
        Assert.Equal("ServiceNameInvalid", e.Code);
        Assert.Contains("Resolve-LabService -Url " + text, e.Message, StringComparison.Ordinal);
    }
}
