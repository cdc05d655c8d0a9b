//! Which marks in a user agent tell what kind of program sent it?
//!
//! Everything is lower case. Order does not matter: of all marks that are found, the class that comes first in
//! [`Class`] wins. A new program is a new word here, and nothing else.

use super::Class;

/// Where a mark has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The whole agent.
    Whole,
    /// At the beginning, and no letter follows.
    Start,
    /// A word: no letter, digit or part of a name around it.
    Word,
    /// Anywhere.
    Anywhere,
    /// Anywhere, but it may also be in the agent of something else.
    Hint,
}

use Place::{Anywhere, Hint, Start, Whole, Word};

/// All marks; those of one kind are in one text, between bars.
pub(super) const MARKS: &[(Class, Place, &str)] = &[
    // Defaults of frameworks and kits that no ordinary program sends. Where a default is also the agent of a common
    // browser (Empire's Internet Explorer 11, Quasar's Firefox) it is left out: such a mark alone would accuse people.
    (
        Class::C2,
        Whole,
        "mozilla/5.0 (windows nt 10.0; win64; x64; rv:60.0)|\
        mozilla/5.0 (windows nt 10.0; win32; x32; rv:60.0)|\
        mozilla/5.0 (windows nt 6.1; wow64) applewebkit/537.36 (khtml, like gecko) chrome/96.0.4664.110 safari/537.36|\
        mozilla/4.0 (compatible; msie 6.1; windows nt)|mozilla/4.0 (compatible; metasploit rspec)|\
        mozilla/5.0 (windows nt 6.2; win32; rv:47.0)|hots scot",
    ),
    (
        Class::C2,
        Anywhere,
        "wshrat|bunnyloader|bunnytasks|bunnyshell|antsword|erbium-ua-|metasploit|meterpreter|cobalt strike|\
        iceweasel/25.3.0|njrat|asyncrat|sliver-client|powershell empire",
    ),
    (
        Class::Hacktool,
        Anywhere,
        "sqlmap|nikto|nmap scripting|masscan|zgrab|gobuster|dirbuster|dirsearch|feroxbuster|wpscan|acunetix|\
        netsparker|invicti|openvas|nessus|burpsuite|burp suite|burpcollaborator|w3af|arachni|havij|zmeu|\
        jorgee|wfuzz|fuzz faster|whatweb|commix|xsser|joomscan|cmsmap|skipfish|dotdotpwn|webshag|\
        webvulnscan|sqlninja|sql power injector|bsqlbf|mysqloit|morfeus|toata dragostea|n-stealth|nsauditor|\
        grendel-scan|core-project/1.0|cgichk|l9explore|l9tcpid|xmrig|ccminer|mimikatz|sharphound|evilginx|\
        (hydra)|security scan|gootkit|advanced ip scanner|advanced_ip_scanner|projectdiscovery|zaproxy|\
        owasp zap|appscan|webinspect|exploit|wordpress hash grabber|interactsh|jndi:|() { :|get-minimal|\
        floodgate",
    ),
    (
        Class::Hacktool,
        Word,
        "nuclei|ffuf|hydra|nmap|vega|patator|medusa|ruler|webroot-exploit|brutus",
    ),
    (
        Class::Script,
        Word,
        "curl|wget|wget2|python|urllib|urllib3|aiohttp|httpie|windowspowershell|powershell|\
        certutil url agent|microsoft bits|bitsadmin|go-http-client|go http package|ruby|rest-client|faraday|\
        libwww-perl|lwp|lwp-trivial|lwp-request|lwp-useragent|perl|http-tiny|www-mechanize|mechanize|\
        node-fetch|node-superagent|axios|got|undici|guzzlehttp|guzzle|php|php-curl-class|phpcrawl|aria2|\
        deno|bun|node.js|node|scrapy|pycurl|typhoeus|http.rb|httprb|httparty|excon|rclone|git|svn|jgit|pip|\
        npm|yarn|pnpm|cargo|composer|rubygems|bundler|conda|poetry|nuget|postmanruntime|insomnia|\
        twisted pagegetter|httrack|lynx|links|elinks|w3m|libfetch|fetch libfetch|wininet|autoit|cscript|\
        mshta|xmlhttp|cpanel-http-client|cakephp|pukiwiki|symfony|pear http_request|http_request2|pecl|\
        feedzirra|colly|gospider|http_get|lua-resty-http|luasocket|r curl|libcurl|httr|julia|winhttprequest|\
        ansible-httpget|terraform|chef|puppet|saltstack|req|snoopy",
    ),
    (
        Class::Script,
        Anywhere,
        "python-requests|python-httpx|python-urllib|winhttp.winhttprequest|http::tiny|lwp::|pecl::http|\
        open-uri|net::http|http_request class|powershell/|urlgrabber|file_get_contents|curl/",
    ),
    (
        Class::Library,
        Word,
        "okhttp|winhttp|microsoft-cryptoapi|microsoft winhttp|dart|reqwest|hyper|ahc|jersey|jetty|libsoup|\
        gvfs|restsharp|asynchttpclient|netty|reactornetty|unirest-java|vert.x-webclient|java-http-client|\
        feign|indy library|synapse|qt|qnetworkaccessmanager|unityplayer|cpp-httplib|poco|libhttp|ktor|\
        ktor-client|volley|alamofire|afnetworking|urlsession|google-http-java-client|grpc|grpc-java|aws-sdk|\
        aws-sdk-java|aws-cli|boto3|botocore|azsdk-net|google-api-go-client|gcloud|httpunit|cronet|msxml|\
        ureq|isahc|fasthttp|resty|go-resty|newspaper|http_client|customasynchttpclient|pcore-http|\
        winhttp-autoproxy-service|universalsdk|mono|async-http-client|akka-http|play-ws",
    ),
    (
        Class::Library,
        Anywhere,
        "winhttp-autoproxy|ms web services client protocol|httpclient/|httpurlconnection|http request object|\
        java/1.|okhttp/",
    ),
    (
        Class::Library,
        Start,
        "java|httpclient|http client|webclient|apache-httpclient|apache-httpasyncclient|commons-httpclient|\
        jakarta commons-httpclient|cfnetwork|darwin|.net|dotnet",
    ),
    (
        Class::OsUpdate,
        Anywhere,
        "windows-update-agent|microsoft-delivery-optimization|delivery-optimization|debian apt-http|apt-http|\
        libdnf|urlgrabber/|zypp|packagekit|softwareupdate|software%20update|mobileassetd|\
        captivenetworksupport|microsoft ncsi|wuapi|msdw|google update|googleupdate|microsoftedgeupdate|\
        edgeupdate|omaha|winget|ubuntu apt|swupdate|trustd|ocspd|nsurlsessiond (unknown version) cfnetwork/|\
        windows-rss-platform|microsoft-wns|mssetup|smartscreen|office update|update agent|microsoft update",
    ),
    (
        Class::OsUpdate,
        Word,
        "snapd|pacman|dnf|yum|fwupd|apt|apk-tools|flatpak|unattended-upgrades|homebrew|msoffice update",
    ),
    (
        Class::Office,
        Anywhere,
        "microsoft office|ms-office|msoffice|microsoft outlook|outlook-ios|outlook-android|microsoft word|\
        microsoft excel|microsoft powerpoint|microsoft onenote|microsoft-webdav-miniredir|\
        adobe synchronizer|libreoffice|openoffice|microsoft data access|officeclient|acrobat",
    ),
    (
        Class::Office,
        Word,
        "outlook|excel|powerpoint|onenote|word|thunderbird|adobe|adobeair|lotus-notes|lotusnotes|mapi|\
        postbox|emclient",
    ),
    (
        Class::SecurityAgent,
        Word,
        "avast|avg|avira|symantec|norton|mcafee|eset|kaspersky|sophos|crowdstrike|trendmicro|trend micro|\
        tmufe|bitdefender|malwarebytes|f-secure|withsecure|clamav|cylance|carbonblack|carbon black|\
        sentinelone|sentinelagent|tanium|qualysagent|mpclient|windows defender|microsoft defender|mdatp|\
        mssense|freshclam|webroot|fireeye|cortex|panda|drweb|dr.web|g data|zscaler|netskope|umbrella|\
        cybereason|elastic-agent|wazuh|osquery|rapid7|fortiguard|fortisandbox|liveupdate|ksn|mpcommunication",
    ),
    (
        Class::SyncApp,
        Word,
        "onedrive|microsoft skydrivesync|skydrivesync|dropbox|dropboxdesktopclient|googledrive|google drive|\
        box|boxdrive|nextcloud|owncloud|mirall|teams|microsoft teams|slack|slack_ssb|zoom|zoom.win|\
        zoomwebkit|webex|skype|skypeuripreview|skype for business|uccapi|oc|discord|gotomeeting|icloud|\
        seafile|syncthing|evernote|notion|ringcentral|signal-desktop|mattermost|element|rocket.chat|\
        microsoft-onedrive",
    ),
    (Class::Bot, Anywhere, BOT_ANYWHERE),
    (Class::Bot, Start, BOT_START),
    (Class::Bot, Hint, BOT_HINTS),
    (
        Class::MobileApp,
        Anywhere,
        "fban/|fbav/|fb_iab/|instagram |; wv)|snapchat|[pinterest/|twitter for |micromessenger|musical_ly|\
        bytedancewebview|trill_|gsa/|kakaotalk|com.google.android|com.facebook|com.apple.|; scale/|ios/|\
        android/|cfnetwork/|whatsapp/|linkedinapp|bytelocale|alipayclient|dalvik/|bingsapphire|duckduckgo/5",
    ),
    (Class::MobileApp, Word, "viber|telegram|whatsapp|tumblr|line|reddit|tiktok|uber|waze"),
    (
        Class::Media,
        Anywhere,
        "smart-tv|smarttv|smart tv|hbbtv|web0s|appletv|apple tv|roku|crkey|playstation|nintendo|xbox|bravia|\
        netcast|(dtv;|dtvnetbrowser|inettvbrowser|googletv|google tv|android tv|itunes|applecoremedia|\
        nsplayer|windows-media-player|podcast|antennapod|pocket casts|pocketcasts|lavf/|gstreamer|exoplayer|\
        stagefright|opera tv|viera|philipstv|aquos|sonytv|tvbrowser|; tv;|ce-html|netcast.tv|maple|\
        large screen|settop|set-top|aftb|aftt|aftm|shield android tv|media player|nf34sw|dlna|upnp|sonos|\
        quicktime",
    ),
    (
        Class::Media,
        Word,
        "vlc|kodi|plex|plexmediaserver|spotify|overcast|castro|stitcher|deezer|winamp|mpv|mplayer|foobar2000|\
        psp|audacious|xbmc|banshee|rhythmbox|castbox|breaker|downcast|icatcher|icatcher!|juice|doggcatcher|\
        podkicker|beyondpod|netflix|hulu|bluetv|tivo|wii",
    ),
];

const BOT_ANYWHERE: &str = "bot/|bot;|bot)|bot-|bot |bot_|bot.|bot,|bot:|bot(|bot'|robot|bots|crawl|spider|slurp|fetch|monitor|\
    checker|linkcheck|link check|validator|archiv|scrap|headless|lighthouse|synthetic|phantomjs|\
    selenium|puppeteer|playwright|indexer|scanner|inspect|uptime|pingdom|externalhit|mediapartners|\
    adsbot|google-|googleother|google favicon|google web preview|bingpreview|nutch|harvest|heritrix|\
    wordpress|magpierss|simplepie|subscribers|favicon|webhook|screenshot|thumbnail|probe|verif|survey|\
    research|sitemap|gtmetrix|ptst/|siteimprove|datadog|newrelic|catchpoint|site24x7|statuscake|nagios|\
    zabbix|prometheus|exporter|censys|shodan|internet-measurement|netcraft|facebookcatalog|\
    facebookplatform|meta-external|proximic|seo|analyz|audit|-ai/|-ai |imageproxy|image proxy|metadata|\
    onebox|linkpreview|prerender|snapshot|google desktop|ia_archiver|ahrefs|semrush|majestic|\
    yandex.com/bots|baidu.com/search|daum|yeti/|hatena|ichiro|pubsub|genieo|watchdog|radian6|wayback|\
    webcopier|websucker|sitesucker|teleport|offline explorer|webzip|webcapture|emailwolf|indy library|\
    curious george|recon|resolver|hardenize|ssllabs|ssl labs|speedtest|pagespeed|page speed|webpagetest|\
    ghost inspector|dareboost|silktide|hotjar|outbrain|criticalcss|critical css|critical path|expanding|\
    unfurl|embedly|iframely|flipboard|pinterest/0|vkshare|zapier|integromat|coccoc|venus/|sogou|exabot|\
    steeler|larbin|blackbox|unicorn|scan|-agent|agent)|agent-|watcher|webcopy|download|optimizer|finder|\
    thousandeyes|appinsights|googleagent|-google|webservice|hook|event api|sendgrid|sparkpost|zendesk|\
    shopify|klaviyo|onetrust|collector|scorer|dast|matcher|radar|agent;|association|api v1|\
    newsgathering|-tools/|connector/|screen service|url to pdf|watchtowr|foregenix|rigor)|twilioproxy|\
    fastmailua|blackduck|snipcart|mollie http|omnisend|make/production|btwebclient|datanyze|newsnow|\
    webscreen|blogtrottr|httpagent|ds9 |opensource/|compatible; bw/|aggregator|extractor|botpoke|\
    urlcheck|url check|link tiger|linktiger|printfriendly|accman|mobileok|jigsaw|safeassign|turnitin|\
    copyscape|plagiar|trendiction|brandwatch|meltwater|talkwalker|cloudflare-|amazon cloudfront|\
    salesforce|certificate|dcv|letsencrypt|let's encrypt|callout|notifier|api client|client api|\
    imgproxy|camo|mastodon|pleroma|misskey|lemmy|activitypub|friendica|bluesky";

/// A way to be reached, or a purpose that people's programs may have as well.
const BOT_HINTS: &str = "http://|https://|www.|@|[at]|(at)|feed|rss|reader|parser|bookmark|preview|health|ping/|search|\
    discovery|lookup|import|website|-services";

const BOT_START: &str = "bot|mediapartners-google|googleimageproxy|yahoo|y!j|applesyndication|apple-pubsub|facebot|linkedin|\
    discourse|mattermost-bot|disqus|owler|nodeping|updown.io|wheresitup|netvigie|panopta|uptrends|\
    siteuptime.com|ruxitsynthetic|anthropic-ai|cohere-ai|spawning-ai|imagemind|instapaper|instaparser|\
    xenu link sleuth|xenu|funnelback|github-camo|bitbucket|asana|vaultpress|managewp|jetpack|wpumbrella";

/// Names that browsers add behind their engine; on a desktop any other name there is not just a browser.
pub(super) const BROWSER_TOKENS: &str = "safari|firefox|chrome|chromium|version|mobile|gecko|applewebkit|mozilla|edg|edge|edga|edgios|opr|\
    opera|opx|vivaldi|yabrowser|yowser|whale|ubrowser|ucbrowser|qqbrowser|metasr|se|lbbrowser|iron|\
    ccleaner|avast|avg|norton|seznam|szn|sleipnir|coc_coc_browser|ddg|duckduckgo|brave|puffin|ghostery|\
    herring|config|viewer|agency|unique|openwave|likewise|agencyid|reading|palemoon|goanna|waterfox|\
    seamonkey|iceweasel|icecat|iceape|basilisk|k-meleon|epiphany|midori|konqueror|khtml|falkon|qupzilla|\
    arora|rekonq|qtwebengine|ubuntu|fedora|debian|suse|mandriva|centos|red|gentoo|camino|galeon|shiira|\
    omniweb|icab|netscape|navigator|namoroka|minefield|shiretoko|granparadiso|bonecho|flock|lunascape|\
    maxthon|mx3|mxnitro|avant|tencenttraveler|theworld|360se|360browser|slimbrowser|rockmelt|\
    comodo_dragon|dragon|cyberfox|kapiko|swiftfox|conkeror|uzbl|dillo|netsurf|presto|trident|msie|rv|\
    like|net|.net|gtb7.1|gtb|u2|bidubrowser|baidubrowser|coolnovo|chromeplus|nichrome|torch|webexplorer|\
    amigo|yandex|orbitum|sputnik|superbird|aol|aolbuild|iridium|silk|silk-accelerated|ecosia|startpage|\
    oculusbrowser|samsungbrowser|huaweibrowser|miuibrowser|crios|fxios|focus|klar|gsa|webview|beaker|\
    min|arc|sidekick|wavebox|colibri|opera_gx|360ee|quark|2345explorer|liebao|ia|asw|avira|ccbrowser|\
    mozilladeveloperpreview|lightning|thunderbird|flyflow|playfreebrowser|mb2345browser|atomicbrowser|\
    demeter|stainless|iris|cometbird|lolifox|orca|swiftweasel|songbird|prism|wyzo|strata|kazehakase|\
    google|jasmine|mypal|serpent|floorp|librewolf|zen|icedragon|gnome-web|webkit|surf|vimprobable|\
    luakit|sundial|stargate|aloha|alohabrowser|phoenix|firebird|epic|cent|kiwi|slimjet|citrio|polarity|\
    stumbleupon|mnenhy|via|webwasher|clr|slbrowser|slbchan|slbvpv|sznprohlizec|qihu|heytapbrowser|\
    sberbrowser|quarkpc|qaxbrowser|talon|sparrow|citrixchromeapp|trailer|hat|moox|opt|omi|netnewswire|\
    gzip|mimic|classilla|cfm|otter|dooble|vbrowser|element|elements";
